"""The journals take every entry, name its author, and let nobody change one (PC-70, MD-44, MD-57)."""

from datetime import datetime

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit.actions import AccessRow, record_access, record_accesses, record_event, record_security
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry, SecurityEntry
from praticonnect.database import as_owner
from privacy.ids import new_id

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
EVIDENCE = [
    "audit_accessentry",
    "audit_securityentry",
    "audit_evententry",
    "audit_expiredmonth",
    "audit_seal",
    "audit_sealleaves",
]


def practitioner() -> Actor:
    return Actor(
        new_id(),
        "practitioner",
        practice_id=new_id(),
        session_ref="s",
        ip="192.0.2.7",
        user_agent="Firefox",
        request_id="r",
    )


def attempt(sql: str) -> str:
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(refusal.value)


def test_access_entry_says_who_what_why_and_from_where(now: datetime) -> None:
    by, subject = practitioner(), new_id()
    entry = record_access(by=by, subject_id=subject, part="identity", purpose="care", now=now)
    saved = AccessEntry.objects.get(pk=entry.pk)
    assert (saved.actor_id, saved.actor_role, saved.practice_id) == (by.account_id, "practitioner", by.practice_id)
    assert (saved.subject_id, saved.part, saved.action, saved.purpose) == (subject, "identity", "open", "care")
    assert (saved.at, saved.ip, saved.user_agent, len(saved.leaf)) == (now, "192.0.2.7", "Firefox", 32)


def test_bulk_access_writes_one_entry_per_file_in_one_statement(
    now: datetime, django_assert_num_queries: object
) -> None:
    by, subjects = practitioner(), [new_id() for _ in range(50)]
    rows = [AccessRow(subject, "name") for subject in subjects]
    with django_assert_num_queries(1):
        assert record_accesses(by=by, rows=rows, purpose="care", now=now) == 50
    found = AccessEntry.objects.filter(practice_id=by.practice_id).order_by("pk")
    assert [entry.subject_id for entry in found] == subjects
    assert {(e.at, e.action, e.part, e.purpose, e.ip, e.actor_id) for e in found} == {
        (now, "list", "name", "care", "192.0.2.7", by.account_id)
    }


def test_bulk_access_of_nothing_writes_nothing(now: datetime) -> None:
    assert record_accesses(by=practitioner(), rows=[], purpose="care", now=now) == 0


def test_event_names_the_person_and_only_names_of_fields(now: datetime) -> None:
    by, object_id = practitioner(), new_id()
    record_event(
        by=by,
        verb="records.file.changed",
        object_type="records.PatientFile",
        object_id=object_id,
        detail={"fields": "phone"},
        now=now,
    )
    saved = EventEntry.objects.get(object_id=str(object_id))
    assert (saved.actor_id, saved.verb, saved.detail) == (by.account_id, "records.file.changed", {"fields": "phone"})


@pytest.mark.parametrize("value", ["x" * 201, {"name": "Rosa"}, ["Rosa"], None, 1.5])
def test_event_refuses_values_in_detail(value: object, now: datetime) -> None:
    with pytest.raises(ValueError, match="never values"):
        record_event(
            by=practitioner(),
            verb="records.file.changed",
            object_type="t",
            object_id=1,
            detail={"note": value},
            now=now,
        )


def test_security_entry_keeps_outcome_and_account(now: datetime) -> None:
    account = new_id()
    record_security(
        by=Actor(None, "anonymous", ip="192.0.2.9"), kind="login.failed", account_id=account, outcome="refused", now=now
    )
    saved = SecurityEntry.objects.get(account_id=account)
    assert (saved.kind, saved.outcome, saved.actor_id, saved.ip) == ("login.failed", "refused", None, "192.0.2.9")


def test_actor_with_a_persons_role_needs_an_account() -> None:
    with pytest.raises(ValueError, match="own account"):
        Actor(None, "practitioner")


def test_database_refuses_a_persons_act_without_an_account(now: datetime) -> None:
    with pytest.raises(IntegrityError, match="imputable"), transaction.atomic():
        EventEntry.objects.create(
            at=now, actor_role="practitioner", channel="web", verb="v", object_type="t", object_id="1"
        )


@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("statement", ["update {} set {} = {}", "delete from {}"])
def test_evidence_refuses_changes_to_the_application(table: str, statement: str) -> None:
    column = "month" if "seal" in table else "leaf"
    assert "is refused: evidence only grows" in attempt(statement.format(table, column, column))


@pytest.mark.parametrize("table", [*EVIDENCE, "audit_accessentry_default"])
@pytest.mark.parametrize("statement", ["update {0} set {1} = {1}", "delete from {0}", "truncate {0}"])
def test_evidence_refuses_changes_to_the_owner_too(table: str, statement: str) -> None:
    column = "month" if "seal" in table else "leaf"
    with as_owner():
        assert "is refused: evidence only grows" in attempt(statement.format(table, column))


def test_evidence_refuses_changes_to_a_replica_session(now: datetime) -> None:
    record_access(by=practitioner(), subject_id=new_id(), part="p", purpose="care", now=now)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        assert "is refused" in attempt("update audit_accessentry set part = 'q'")


def test_expiry_switch_alone_lets_no_row_go(now: datetime) -> None:
    record_access(by=practitioner(), subject_id=new_id(), part="p", purpose="care", now=now)
    with connection.cursor() as cursor:
        cursor.execute("select set_config('audit.expiring', 'on', true)")
    assert "is refused" in attempt("delete from audit_accessentry")


def test_truncate_by_the_application_is_denied() -> None:
    assert "permission denied" in attempt("truncate audit_accessentry")


def test_application_cannot_take_the_guards_off() -> None:
    assert "must be owner" in attempt("select audit_unguard('audit_accessentry')")


def test_entry_cannot_be_backdated(now: datetime) -> None:
    assert "own clock" in attempt(
        "insert into audit_accessentry (written_at, at, actor_role, channel, session_ref, request_id, leaf, subject_id, part, action, purpose, user_agent)"
        " values (now() - interval '1 day', now(), 'system', 'web', '', '', '', gen_random_uuid(), 'p', 'open', 'care', '')"
    )


def test_leaf_is_the_hash_of_the_canonical_row_whatever_the_writer_sends(now: datetime) -> None:
    entry = AccessEntry(
        at=now,
        actor_role="system",
        channel="task",
        subject_id=new_id(),
        part="p",
        action="open",
        purpose="care",
        leaf=b"x" * 32,
    )
    entry.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("set local timezone = 'Asia/Jerusalem'")
        cursor.execute(
            "select leaf, sha256('\\x00' || convert_to(audit_canonical(to_jsonb(e)), 'UTF8')) from audit_accessentry e where seq = %s",
            [entry.pk],
        )
        elsewhere = cursor.fetchone()
        cursor.execute("set local timezone = 'UTC'")
        cursor.execute(
            "select leaf, sha256('\\x00' || convert_to(audit_canonical(to_jsonb(e)), 'UTF8')) from audit_accessentry e where seq = %s",
            [entry.pk],
        )
        leaf, computed = cursor.fetchone()
    assert bytes(leaf) == bytes(computed)
    assert bytes(elsewhere[0]) == bytes(leaf)
    assert bytes(elsewhere[1]) != bytes(leaf)
