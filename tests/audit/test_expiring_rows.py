"""Rows of evidence leave one by one at the end of their term; every other gap is still named (PC-13, NEW-02)."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import evidence, merkle
from audit.actors import Actor
from audit.calendar import expire_rows
from audit.evidence import RowTerm
from audit.models import ExpiredRows
from audit.months import months_after
from audit.proofs import NoProof, prove
from audit.rows import numbers_of
from audit.sealing import seal_all
from audit.verification import Report, verify
from lifecycle.models import NoticeSent
from praticonnect.database import as_owner
from privacy.ids import new_id
from tests.audit.forge import RECOMPUTE, accesses, force

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
TABLE = "lifecycle_noticesent"
BY = Actor.system("sweep")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=4 * 366)
YOUNG = NOW - timedelta(days=300)


def notices(count: int, sent_at: datetime = OLD) -> list[int]:
    """So many rows of evidence, and their numbers."""
    account = new_id()
    NoticeSent.objects.bulk_create(
        NoticeSent(account_id=account, phase_since=sent_at + timedelta(seconds=number), kind="grace", sent_at=sent_at)
        for number in range(count)
    )
    return numbers_of(TABLE, "account_id", [account])


def expire(numbers: list[int], rule: str = "PC-40", now: datetime = NOW) -> int:
    return expire_rows(table=TABLE, numbers=numbers, rule=rule, by=BY, now=now)


def found(report: Report | None = None) -> list[tuple[str, str, int | None]]:
    return [(one.kind, one.table, one.number) for one in (report or verify()).findings]


def stored() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"select seq from {TABLE}")
        return {number for (number,) in cursor.fetchall()}


@pytest.fixture
def numbers() -> list[int]:
    """Nine rows under two seals, all beyond their term."""
    first = notices(5)
    seal_all(NOW)
    second = notices(4)
    seal_all(NOW)
    return [*first, *second]


def test_exactly_the_named_rows_leave_and_the_record_says_so(numbers: list[int]) -> None:
    assert expire([*numbers[1:3], numbers[6]]) == 3
    assert stored() & set(numbers) == {numbers[0], *numbers[3:6], *numbers[7:]}
    record = ExpiredRows.objects.get()
    assert (record.table_name, record.rule, record.rows, record.stream, record.newest, record.at) == (
        TABLE, "PC-40", 3, "notices", OLD, NOW,
    )  # fmt: skip
    assert record.numbers == ((numbers[1], numbers[2] + 1), (numbers[6], numbers[6] + 1))
    report = verify()
    assert (report.findings, report.expired_rows) == ([], 3)


def test_rows_not_sealed_yet_are_sealed_before_they_leave() -> None:
    numbers = notices(3)
    assert (expire(numbers[:2]), found()) == (2, [])


def test_nothing_to_expire_leaves_no_record() -> None:
    assert (expire([]), ExpiredRows.objects.count()) == (0, 0)


def test_what_has_left_cannot_leave_again(numbers: list[int]) -> None:
    expire(numbers[:2])
    with pytest.raises(ProgrammingError, match="not every row"), transaction.atomic():
        expire(numbers[1:3])
    assert (stored() >= set(numbers[2:]), ExpiredRows.objects.count()) == (True, 1)


@pytest.mark.parametrize("rule", ["PC-51", ""])
def test_rows_leave_under_the_rule_of_their_table_only(numbers: list[int], rule: str) -> None:
    with pytest.raises(ProgrammingError, match="leave under PC-40"), transaction.atomic():
        expire(numbers, rule=rule)


def test_row_before_its_term_stays_and_keeps_the_others_in_the_call(numbers: list[int]) -> None:
    young = notices(1, YOUNG)
    early = "1 rows of lifecycle_noticesent are not at the end of their term yet"
    with pytest.raises(ProgrammingError, match=early), transaction.atomic():
        expire([*numbers, *young])
    assert stored() >= {*numbers, *young}


@pytest.mark.parametrize(("seconds", "leaves"), [(-1, False), (0, True)])
def test_term_ends_to_the_second(seconds: int, leaves: bool) -> None:
    sent_at = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
    (number,) = notices(1, sent_at)
    moment = datetime(2027, 2, 28, 12, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    assert months_after(sent_at, 36) == datetime(2027, 2, 28, 12, 0, tzinfo=UTC)
    if leaves:
        assert expire([number], now=moment) == 1
    else:
        with pytest.raises(ProgrammingError, match="end of their term"), transaction.atomic():
            expire([number], now=moment)


@pytest.mark.parametrize("table", ["audit_accessentry", "consents_publishedtext", "audit_expiredrows"])
def test_other_evidence_has_no_such_door(table: str) -> None:
    with pytest.raises(ValueError, match="never leave"):
        expire_rows(table=table, numbers=[1], rule="PC-40", by=BY, now=NOW)


@pytest.mark.parametrize("owner", [False, True])
@pytest.mark.parametrize("expiring", ["", "on", "off", "1", "999999999999", "x"])
def test_no_word_of_the_session_opens_the_door(numbers: list[int], owner: bool, expiring: str) -> None:
    expire(numbers[:1])
    record = ExpiredRows.objects.get().pk
    with as_owner() if owner else transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('audit.expiring', %s, true)", [str(record) if expiring == "1" else expiring])
        with pytest.raises(ProgrammingError, match="evidence only grows"), transaction.atomic():
            cursor.execute(f"delete from {TABLE} where seq = %s", [numbers[3]])
        cursor.execute("select set_config('audit.expiring', 'off', true)")


FORGED = """
insert into audit_expiredrows (at, stream, table_name, numbers, rows, rule, newest, actor_role, request_id)
values (%s, 'forged', %s, %s::int8multirange, %s, %s, '1990-01-01', 'system', '')
"""


@pytest.mark.parametrize(
    ("table", "rule", "count", "why"),
    [
        ("audit_accessentry", "PC-40", 1, "never leave"),
        ("consents_publishedtext", "PC-40", 1, "never leave"),
        ("accounts_user", "PC-40", 1, "never leave"),
        ("no_table", "PC-40", 1, "never leave"),
        (TABLE, "PC-51", 1, "leave under PC-40"),
        (TABLE, "PC-40", 2, "not every row"),
        (TABLE, "PC-40", 1, "not at the end of their term"),
    ],
)
def test_forged_record_is_refused_by_the_database(table: str, rule: str, count: int, why: str) -> None:
    (number,) = notices(1, YOUNG)
    values = [NOW, table, f"{{[{number},{number + 1})}}", count, rule]
    with as_owner(), connection.cursor() as cursor, pytest.raises(ProgrammingError, match=why), transaction.atomic():
        cursor.execute(FORGED, values)


def test_newest_of_a_record_is_the_databases_own_word(numbers: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FORGED, [NOW, TABLE, f"{{[{numbers[0]},{numbers[0] + 1})}}", 1, "PC-40"])
    assert ExpiredRows.objects.get().newest == OLD


def test_slipped_in_row_does_not_leave_quietly() -> None:
    """A row forged under a number that is burnt never gets a seal, so it can't get out of the books either."""
    with connection.cursor() as cursor:
        cursor.execute(f"select nextval('{TABLE}_number')")
        burnt = cursor.fetchone()[0]
    first = notices(1)
    seal_all(NOW)
    notices(1)
    seal_all(NOW + timedelta(hours=2))
    copied = "phase_since + interval '1 hour', kind, sent_at"
    force(
        TABLE,
        f"insert into {TABLE} (id, account_id, phase_since, kind, sent_at, seq, written_at, leaf) select"
        f" gen_random_uuid(), account_id, {copied}, {burnt}, written_at, leaf from {TABLE} where seq = {first[0]}",
        RECOMPUTE.format(TABLE, burnt),
    )
    with pytest.raises(ValueError, match="never sealed"):
        expire([burnt])
    assert found() == [("inserted", TABLE, burnt)]


def test_removal_without_a_record_is_named_beside_lawful_gaps(numbers: list[int]) -> None:
    expire(numbers[2:4])
    force(TABLE, f"delete from {TABLE} where seq in ({numbers[1]}, {numbers[4]}, {numbers[8]})")
    assert found() == [("missing", TABLE, number) for number in (numbers[1], numbers[4], numbers[8])]


def test_change_beside_a_gap_is_named(numbers: list[int]) -> None:
    expire(numbers[2:4])
    force(TABLE, f"update {TABLE} set kind = 'other' where seq = {numbers[4]}", RECOMPUTE.format(TABLE, numbers[4]))
    assert found() == [("changed", TABLE, numbers[4])]


def test_row_that_stands_though_it_left_is_named(numbers: list[int]) -> None:
    copy = f"insert into keep select * from {TABLE} where seq = {numbers[2]}"
    force(TABLE, f"create temp table keep (like {TABLE})", copy)
    expire(numbers[2:4])
    force(TABLE, f"insert into {TABLE} select * from keep")
    assert found() == [("inserted", TABLE, numbers[2])]


def test_removed_record_excuses_nothing(numbers: list[int]) -> None:
    expire(numbers[2:4])
    pk = ExpiredRows.objects.get().pk
    force("audit_expiredrows", "delete from audit_expiredrows")
    assert found() == [
        ("missing", "audit_expiredrows", pk), ("missing", TABLE, numbers[2]), ("missing", TABLE, numbers[3]),
    ]  # fmt: skip


def test_record_widened_after_it_was_sealed_is_named(numbers: list[int]) -> None:
    expire(numbers[2:4])
    pk = ExpiredRows.objects.get().pk
    wide = f"update audit_expiredrows set numbers = '{{[{numbers[2]},{numbers[5]})}}', rows = 3 where seq = {pk}"
    force("audit_expiredrows", wide, RECOMPUTE.format("audit_expiredrows", pk))
    force(TABLE, f"delete from {TABLE} where seq = {numbers[4]}")
    assert ("changed", "audit_expiredrows", pk) in found()


def test_record_that_was_never_sealed_excuses_no_gap(numbers: list[int]) -> None:
    """The application's own role may record what is due; taking it away unsealed shows until the seal, and says so."""
    with connection.cursor() as cursor:
        cursor.execute(FORGED, [NOW, TABLE, f"{{[{numbers[0]},{numbers[0] + 1})}}", 1, "PC-40"])
        cursor.execute("select audit_drop_rows(max(seq)) from audit_expiredrows")
    assert [kind for kind, *_ in found()] == ["missing", "expiry"]


@contextmanager
def term_of(table: str, term: RowTerm | None) -> Iterator[None]:
    before = evidence.of_table(table)
    evidence._tables[table] = evidence.Evidence(table, before.stream, before.keep_months, term)
    yield
    evidence._tables[table] = before


@pytest.mark.parametrize("term", [None, RowTerm("PC-51", 36), RowTerm("PC-40", 72)])
def test_record_against_the_houses_own_terms_is_named(numbers: list[int], term: RowTerm | None) -> None:
    """Whoever changed the guards in the database can't change what the code says of a table."""
    expire(numbers[:2])
    with term_of(TABLE, term):
        assert found() == [("expiry", TABLE, numbers[0])]


def test_record_dated_ahead_is_named_where_the_clock_cannot_be_moved(settings: object) -> None:
    (number,) = notices(1, datetime.now(UTC))
    expire([number], now=datetime.now(UTC) + timedelta(days=1100))
    assert found() == []
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    assert found() == [("expiry", TABLE, number)]


def test_proof_of_a_remaining_row_holds_and_one_that_left_says_so(numbers: list[int]) -> None:
    before = prove(TABLE, numbers[4])
    expire(numbers[2:4])
    assert prove(TABLE, numbers[4]) == before
    with pytest.raises(NoProof, match=rf"entry {numbers[2]} of {TABLE} left on 2026-11-18, .*\(PC-40\)"):
        prove(TABLE, numbers[2])


def test_months_still_expire_beside_rows(now: datetime) -> None:
    seal_all(now)
    assert (accesses(2, now) != [], found()) == (True, [])


@pytest.mark.parametrize("one", [one for one in evidence.registered() if one.each], ids=lambda one: one.table)
def test_code_and_database_say_the_same_of_each_table(one: evidence.Evidence) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select audit_terms(%s)", [one.table])
        terms = cursor.fetchone()[0]
    assert one.each is not None
    assert terms[:4] == [one.table, "each", one.each.rule, str(one.each.months)]


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever the example did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


ATTACKS = ("nothing", "remove", "change", "put back", "drop the record")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    batches=st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=5),
    picks=st.lists(st.lists(st.integers(0, 29), max_size=6), max_size=3),
    attack=st.sampled_from(ATTACKS),
    at=st.integers(0, 29),
)
def test_whatever_left_lawfully_is_accepted_and_whatever_else_is_named(
    batches: list[tuple[int, bool]], picks: list[list[int]], attack: str, at: int
) -> None:
    """Rows in any number of seals, any of them expired in any order; then one forced change somewhere."""
    with taken_back():
        there: list[int] = []
        for count, sealed in batches:
            there += notices(count)
            if sealed:
                seal_all(NOW)
        gone: set[int] = set()
        force(TABLE, f"drop table if exists keep; create temp table keep as select * from {TABLE}")
        for pick in picks:
            chosen = {there[place % len(there)] for place in pick} - gone
            assert expire(sorted(chosen)) == len(chosen)
            gone |= chosen
        seal_all(NOW)
        left = [number for number in there if number not in gone]
        report = verify()
        assert (found(report), report.expired_rows) == ([], len(gone))
        for number in left:
            assert_proven(number)
        expected = sorted(forced(attack, at, left, sorted(gone)))
        assert found() == expected


def assert_proven(number: int) -> None:
    """The proof leads from the row's own text to the signed root."""
    proof = prove(TABLE, number)
    path = [base64.b64decode(step) for step in proof["path"]]  # type: ignore[union-attr]
    leaf = merkle.leaf_hash(str(proof["entry"]).encode())
    root = merkle.root_from_path(leaf, int(proof["index"]), int(proof["size"]), path)  # type: ignore[arg-type]
    assert root is not None
    assert f"root: {base64.b64encode(root).decode()}" in str(proof["seal"])


def forced(attack: str, at: int, left: list[int], gone: list[int]) -> list[tuple[str, str, int]]:
    """Do it as a superuser would; what the verifier has to find."""
    target = left[at % len(left)] if left else None
    if attack == "remove" and target:
        force(TABLE, f"delete from {TABLE} where seq = {target}")
        return [("missing", TABLE, target)]
    if attack == "change" and target:
        force(TABLE, f"update {TABLE} set kind = 'x' where seq = {target}", RECOMPUTE.format(TABLE, target))
        return [("changed", TABLE, target)]
    if attack == "put back" and gone:
        back = gone[at % len(gone)]
        force(TABLE, f"insert into {TABLE} select * from keep where seq = {back}")
        return [("inserted", TABLE, back)]
    if attack == "drop the record" and gone:
        record = ExpiredRows.objects.order_by("id").last()
        assert record is not None
        force("audit_expiredrows", f"delete from audit_expiredrows where seq = {record.pk}")
        named = [number for low, high in record.numbers for number in range(low, high)]
        return [("missing", "audit_expiredrows", record.pk), *(("missing", TABLE, number) for number in named)]
    return []
