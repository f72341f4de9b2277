"""Whatever a superuser forces into the evidence is found and named (NEW-02)."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from audit import checkpoints
from audit.actors import Actor
from audit.calendar import expire_partition, make_months
from audit.models import ExpiredMonth, Seal
from audit.months import month_of
from audit.sealing import seal_all
from audit.verification import verify, verify_all
from praticonnect.database import as_owner
from tests.audit.forge import RECOMPUTE, accesses, backdate, force, forced

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
TABLE = "audit_accessentry"
LATER = timedelta(hours=2)


def found() -> list[tuple[str, str, int | None]]:
    return [(finding.kind, finding.table, finding.number) for finding in verify_all()]


@pytest.fixture
def numbers(now: datetime) -> list[int]:
    """Nine entries under two seals, and what migrations wrote under seals of its own."""
    seal_all(now)
    first = accesses(5, now)
    seal_all(now)
    second = accesses(4, now)
    seal_all(now)
    return [*first, *second]


def test_untouched_evidence_has_no_finding(numbers: list[int], now: datetime) -> None:
    before = verify()
    accesses(3, now)
    report = verify()
    assert (report.findings, report.waiting - before.waiting, report.entries) == ([], 3, before.entries)
    seal_all(now)
    assert (verify().entries, verify().waiting, verify().seals) == (before.entries + 3, 0, before.seals + 1)


def test_edited_entry_is_named_with_its_table_number_and_month(numbers: list[int]) -> None:
    force(TABLE, f"update {TABLE} set actor_role = 'operations' where seq = {numbers[2]}")
    (finding,) = verify_all()
    with connection.cursor() as cursor:
        cursor.execute(f"select to_char(written_at, 'YYYY-MM') from {TABLE} where seq = {numbers[2]}")
        month = cursor.fetchone()[0]
    assert (finding.kind, finding.table, finding.number, finding.month) == ("changed", TABLE, numbers[2], month)


def test_edit_with_recomputed_hash_is_named(numbers: list[int]) -> None:
    force(TABLE, f"update {TABLE} set part = 'nothing' where seq = {numbers[6]}", RECOMPUTE.format(TABLE, numbers[6]))
    assert found() == [("changed", TABLE, numbers[6])]


def test_changed_hash_beside_an_untouched_entry_is_named(numbers: list[int]) -> None:
    force(TABLE, f"update {TABLE} set leaf = sha256('x') where seq = {numbers[0]}")
    assert found() == [("changed", TABLE, numbers[0])]


def test_deleted_entries_are_named_one_by_one(numbers: list[int]) -> None:
    gone = [numbers[0], numbers[3], numbers[4], numbers[8]]
    force(TABLE, f"delete from {TABLE} where seq in ({','.join(map(str, gone))})")
    assert found() == [("missing", TABLE, number) for number in gone]


def test_swapped_entries_are_both_named(numbers: list[int]) -> None:
    one, other = numbers[1], numbers[2]
    force(
        TABLE,
        f"update {TABLE} set seq = case seq when {one} then {other} else {one} end where seq in ({one}, {other})",
        RECOMPUTE.format(TABLE, one),
        RECOMPUTE.format(TABLE, other),
    )
    assert found() == [("changed", TABLE, one), ("changed", TABLE, other)]


def test_changed_time_is_named(numbers: list[int]) -> None:
    force(
        TABLE,
        f"update {TABLE} set at = at + interval '1 minute' where seq = {numbers[5]}",
        RECOMPUTE.format(TABLE, numbers[5]),
    )
    assert found() == [("changed", TABLE, numbers[5])]


def test_entry_moved_to_another_month_is_named_missing_and_inserted(numbers: list[int]) -> None:
    force(
        TABLE,
        f"update {TABLE} set written_at = written_at - interval '40 days' where seq = {numbers[5]}",
        RECOMPUTE.format(TABLE, numbers[5]),
    )
    assert set(found()) == {("missing", TABLE, numbers[5]), ("inserted", TABLE, numbers[5])}


def copy(of: int, number: int, written: str = "written_at") -> list[str]:
    """SQL that slips in a copy of an entry under another number, with a fitting hash."""
    columns = "at, actor_role, channel, session_ref, request_id, leaf, subject_id, part, action, purpose, user_agent"
    return [
        f"insert into {TABLE} (seq, written_at, {columns}) select {number}, {written}, {columns} from {TABLE} where seq = {of}",
        RECOMPUTE.format(TABLE, number),
    ]


def test_entry_slipped_in_at_a_burnt_number_is_named(numbers: list[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('audit_accessentry_number')")
        burnt = cursor.fetchone()[0]
    accesses(1, now)
    seal_all(now)
    accesses(1, now)
    seal_all(now + LATER)
    assert Seal.objects.latest("number").settled > burnt
    force(TABLE, *copy(numbers[0], burnt))
    seal_all(now + 2 * LATER)
    assert found() == [("inserted", TABLE, burnt)]


def test_number_unseen_for_less_than_an_hour_may_still_come(numbers: list[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('audit_accessentry_number')")
        late = cursor.fetchone()[0]
    accesses(1, now)
    seal_all(now)
    accesses(1, now)
    seal_all(now + timedelta(minutes=59))
    assert Seal.objects.latest("number").settled <= late
    force(TABLE, *copy(numbers[8], late))
    assert seal_all(now + timedelta(minutes=59)) == 1
    assert found() == []


def test_second_entry_under_a_sealed_number_is_named(numbers: list[int]) -> None:
    force(TABLE, *copy(numbers[3], numbers[3], "written_at + interval '1 millisecond'")[:1])
    assert found() == [("inserted", TABLE, numbers[3])]


def test_backdated_entry_under_a_new_number_is_named(numbers: list[int], now: datetime) -> None:
    force(TABLE, *copy(numbers[0], numbers[-1] + 1, "written_at - interval '50 days'"))
    seal_all(now)
    assert found() == [("inserted", TABLE, numbers[-1] + 1)]


def test_entry_changed_before_its_seal_is_named_unless_its_hash_was_made_to_fit(
    numbers: list[int], now: datetime
) -> None:
    (number,) = accesses(1, now)
    force(TABLE, f"update {TABLE} set part = 'x' where seq = {number}")
    assert found() == [("changed", TABLE, number)]


def test_rewritten_root_breaks_the_signature_and_the_chain(numbers: list[int]) -> None:
    first = Seal.objects.latest("number").number - 1
    force("audit_seal", f"update audit_seal set root = sha256('x') where number = {first}")
    assert found() == [("seal", "audit_seal", first), ("seal", "audit_seal", first + 1), ("leaves", TABLE, first)]


def test_root_rewritten_with_everything_but_the_key_is_named(numbers: list[int]) -> None:
    """Entry, hash, list of hashes and root are all made to fit; only the signature can't be."""
    last = Seal.objects.latest("number")
    force(TABLE, f"update {TABLE} set part = 'x' where seq = {numbers[8]}", RECOMPUTE.format(TABLE, numbers[8]))
    with connection.cursor() as cursor:
        cursor.execute(f"select leaf from {TABLE} where seq >= {numbers[5]} order by seq")
        leaves = [bytes(leaf) for (leaf,) in cursor.fetchall()]
    from audit import merkle

    force(
        "audit_sealleaves",
        f"update audit_sealleaves set leaves = '\\x{b''.join(leaves).hex()}' where number = {last.number}",
    )
    force("audit_seal", f"update audit_seal set root = '\\x{merkle.root(leaves).hex()}' where number = {last.number}")
    assert found() == [("seal", "audit_seal", last.number)]


def test_removed_seal_is_named(numbers: list[int]) -> None:
    first = Seal.objects.latest("number").number - 1
    force("audit_seal", f"delete from audit_seal where number = {first}")
    assert ("seal", "audit_seal", first) in found()


def test_rewritten_list_of_hashes_is_named(numbers: list[int]) -> None:
    last = Seal.objects.latest("number").number
    force("audit_sealleaves", f"update audit_sealleaves set leaves = sha256('x') where number = {last}")
    assert ("leaves", TABLE, last) in found()


def test_switched_off_guard_is_named(numbers: list[int]) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"alter table {TABLE} disable trigger audit_keep")
    messages = [finding.message for finding in verify_all()]
    assert len(messages) == 2
    assert all("audit_keep is off" in message for message in messages)


def test_dropped_end_of_the_ledger_is_found_with_a_checkpoint_only(numbers: list[int]) -> None:
    note = checkpoints.note(checkpoints.current())
    last = Seal.objects.latest("number").number
    with forced("audit_seal"), forced("audit_sealleaves"), connection.cursor() as cursor:
        cursor.execute(f"delete from audit_seal where number = {last}")
        cursor.execute(f"delete from audit_sealleaves where number = {last}")
    force(TABLE, f"delete from {TABLE} where seq >= {numbers[5]}")
    assert found() == []
    (finding,) = verify(note).findings
    assert (finding.kind, "the last ones are gone" in finding.message) == ("checkpoint", True)


def test_rebuilt_ledger_does_not_fit_an_old_checkpoint(numbers: list[int], now: datetime) -> None:
    note = checkpoints.note(checkpoints.current())
    with forced("audit_seal"), forced("audit_sealleaves"), connection.cursor() as cursor:
        cursor.execute("delete from audit_seal")
        cursor.execute("delete from audit_sealleaves")
    force(TABLE, f"delete from {TABLE} where seq = {numbers[0]}")
    seal_all(now)
    accesses(1, now)
    seal_all(now)
    assert found() == []
    assert [finding.kind for finding in verify(note).findings] == ["checkpoint"]


def test_forged_checkpoint_is_refused(numbers: list[int]) -> None:
    note = checkpoints.note(checkpoints.current())
    last = Seal.objects.latest("number").number
    forged = note.replace(f"\n{last}\n", f"\n{last - 1}\n")
    assert forged != note
    assert ([f.message for f in verify(forged).findings], verify(note).findings) == (
        ["the checkpoint's own signature doesn't fit: use the file as it was exported"],
        [],
    )


@pytest.fixture
def old(now: datetime) -> tuple[list[int], datetime]:
    """Entries of 40 months ago, sealed, and newer ones."""
    seal_all(now)
    then = now - timedelta(days=40 * 30.5)
    numbers = accesses(4, now)
    backdate(numbers, then)
    seal_all(now)
    accesses(3, now)
    seal_all(now)
    return numbers, then


def expire(month_in: datetime, now: datetime) -> int:
    return expire_partition(table=TABLE, month=month_of(month_in), by=Actor.system("sweep"), now=now)


def test_ledger_verifies_after_a_month_expired(old: tuple[list[int], datetime], now: datetime) -> None:
    assert verify_all() == []
    assert expire(old[1], now) == 4
    report = verify()
    assert (report.findings, report.expired_months) == ([], 1)
    record = ExpiredMonth.objects.get()
    assert (record.rows, record.stream, record.month) == (4, "access", month_of(old[1]))


def test_expired_month_still_shows_changes_elsewhere(old: tuple[list[int], datetime], now: datetime) -> None:
    expire(old[1], now)
    (number,) = accesses(1, now)
    seal_all(now)
    force(TABLE, f"delete from {TABLE} where seq = {number}")
    assert found() == [("missing", TABLE, number)]


def test_month_does_not_expire_before_its_term_or_twice(old: tuple[list[int], datetime], now: datetime) -> None:
    with pytest.raises(ValueError, match="end of its term"):
        expire(now - timedelta(days=35 * 30.5), now)
    expire(old[1], now)
    with pytest.raises(ValueError, match="expired already"):
        expire(old[1], now)


def test_journal_without_a_term_never_expires(now: datetime) -> None:
    with pytest.raises(ValueError, match="end of its term"):
        expire_partition(
            table="consents_publishedtext",
            month=month_of(now - timedelta(days=9000)),
            by=Actor.system("sweep"),
            now=now,
        )


def test_month_taken_away_without_a_record_is_named_row_by_row(old: tuple[list[int], datetime]) -> None:
    force(TABLE, f"delete from {TABLE} where seq in ({','.join(map(str, old[0]))})")
    assert found() == [("missing", TABLE, number) for number in old[0]]


def test_expiry_forged_for_a_recent_month_is_named(numbers: list[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audit_expiredmonth (at, stream, table_name, month, rows, actor_role, request_id)"
            f" select now(), 'access', '{TABLE}', date_trunc('month', now())::date, 9, 'system', ''"
        )
        cursor.execute(f"select audit_drop_month('{TABLE}', date_trunc('month', now())::date)")
    seal_all(now)
    assert [finding.kind for finding in verify_all()] == ["expiry"]


def test_expiry_whose_record_was_removed_is_named(old: tuple[list[int], datetime], now: datetime) -> None:
    expire(old[1], now)
    force("audit_expiredmonth", "delete from audit_expiredmonth")
    kinds = {(finding.kind, finding.table) for finding in verify_all()}
    assert kinds == {("leaves", TABLE), ("missing", TABLE), ("missing", "audit_expiredmonth")}


def test_partition_is_dropped_as_a_whole(now: datetime) -> None:
    far = now - timedelta(days=60 * 30.5)
    assert f"audit_accessentry_{far:%Y_%m}" in make_months(far, ahead=0)
    backdate(accesses(2, now), far)
    seal_all(now)
    accesses(2, now)
    assert expire(far, now) == 2
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [f"audit_accessentry_{far:%Y_%m}"])
        assert cursor.fetchone() == (None,)
    assert found() == []
