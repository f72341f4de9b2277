"""Each promise of the journals turns false when its fact is broken by hand."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from audit import evidence, promises
from audit.actions import record_event, record_security
from audit.actors import Actor
from audit.sealing import seal_all
from praticonnect.database import as_owner
from privacy.ids import new_id
from tests.audit.forge import accesses, force

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]


def owner(statement: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_new_02_turns_false_when_a_sealed_entry_is_changed(now: datetime) -> None:
    number = accesses(3, now)[1]
    seal_all(now)
    before = promises.sealed_evidence_is_untouched(now)
    assert (before.kept, before.figures["findings"]) == (True, 0)
    force("audit_accessentry", f"update audit_accessentry set part = 'x' where seq = {number}")
    after = promises.sealed_evidence_is_untouched(now)
    assert (after.kept, after.figures["findings"]) == (False, 1)


def test_pc_70_turns_false_when_a_guard_is_off(now: datetime) -> None:
    assert promises.access_journal_only_grows(now).kept
    owner("alter table audit_accessentry disable trigger audit_refuse")
    assert "audit_accessentry.audit_refuse" in str(promises.access_journal_only_grows(now).figures["guards_off"])
    assert not promises.access_journal_only_grows(now).kept


def test_pc_70_turns_false_when_an_entry_gives_no_purpose(now: datetime) -> None:
    (number,) = accesses(1, now)
    force("audit_accessentry", f"update audit_accessentry set purpose = '' where seq = {number}")
    found = promises.access_journal_only_grows(now)
    assert (found.kept, found.figures["entries_without_reason"]) == (False, 1)


def new_account(now: datetime) -> Any:
    return get_user_model().objects.create(
        pk=new_id(), email=f"{new_id()}@example.org", created_at=now, password_changed_at=now
    )


def test_md_44_turns_false_when_an_object_has_no_event(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_journaled", {"accounts.User": "people"})
    assert promises.changes_and_connections_are_recorded(now).kept
    user = new_account(now)
    found = promises.changes_and_connections_are_recorded(now)
    assert (found.kept, found.figures["objects_without_an_event"]) == (False, 1)
    record_event(
        by=Actor.system("t"), verb="accounts.profile.changed", object_type="accounts.User", object_id=user.pk, now=now
    )
    assert promises.changes_and_connections_are_recorded(now).kept
    new_account(now), new_account(now)
    assert promises.changes_and_connections_are_recorded(now).figures["objects_without_an_event"] == 2
    record_event(
        by=Actor.system("t"),
        verb="records.file.created",
        object_type="batch",
        object_id=1,
        detail={"people": 2},
        now=now,
    )
    assert promises.changes_and_connections_are_recorded(now).kept


def test_md_44_turns_false_when_a_connection_left_no_entry(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_journaled", {})
    user = new_account(now)
    get_user_model().objects.filter(pk=user.pk).update(last_login=now)
    found = promises.changes_and_connections_are_recorded(now)
    assert (found.kept, found.figures["accounts_without_a_recorded_login"]) == (False, 1)
    record_security(by=Actor(user.pk, "practitioner"), kind="login.ok", account_id=user.pk, now=now)
    assert promises.changes_and_connections_are_recorded(now).kept


def test_md_44_turns_false_when_a_journal_may_be_changed(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_journaled", {})
    owner("alter table audit_evententry disable trigger audit_keep")
    assert not promises.changes_and_connections_are_recorded(now).kept


def test_md_57_turns_false_when_an_entry_names_nobody(now: datetime) -> None:
    record_event(by=Actor.system("t"), verb="records.file.changed", object_type="t", object_id=1, now=now)
    assert promises.changes_name_their_author(now).kept
    owner("alter table audit_evententry drop constraint audit_evententry_imputable")
    unguarded = promises.changes_name_their_author(now)
    assert (unguarded.kept, unguarded.figures["journals_that_refuse_nameless_entries"]) == (False, 2)
    force(
        "audit_evententry",
        "update audit_evententry set actor_role = 'practitioner' where verb = 'records.file.changed'",
    )
    assert promises.changes_name_their_author(now).figures["entries_without_a_person"] == 1


def test_md_57_turns_false_when_two_accounts_share_an_identifier(now: datetime) -> None:
    one, other = new_account(now), new_account(now)
    owner(
        "do $$ declare name text; begin"
        " for name in select conname from pg_constraint where conrelid = 'accounts_user'::regclass and contype in ('u', 'c')"
        " loop execute format('alter table accounts_user drop constraint %I', name); end loop;"
        " for name in select indexrelid::regclass::text from pg_index where indrelid = 'accounts_user'::regclass and not indisprimary"
        " loop execute format('drop index %s', name); end loop; end $$"
    )
    get_user_model().objects.filter(pk=other.pk).update(email=one.email.upper())
    found = promises.changes_name_their_author(now)
    assert (found.kept, found.figures["shared_identifiers"]) == (False, 1)
