"""What is copied to the rights journal, when, and that it stays there (NEW-08)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from consents.actions import decide
from consents.models import ConsentEvent
from lifecycle.models import RightsMark
from lifecycle.rights import journal, streams
from lifecycle.rights.journal import copy_new
from lifecycle.tasks import copy_rights
from tests.accounts.factories import make_practitioner
from vault.models import RightsEntry

pytestmark = pytest.mark.django_db(databases="__all__")


def choose(user: User, key: str = "marketing_emails", *, on: bool) -> ConsentEvent:
    by = Actor(account_id=user.pk, role="practitioner")
    made = decide(subject_id=user.pk, key=key, on=on, by=by, language="en", channel="web", now=timezone.now())
    assert made.event_id is not None
    return ConsentEvent.objects.get(pk=made.event_id)


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org")


def copied() -> set[Any]:
    return set(RightsEntry.objects.values_list("pk", flat=True))


def test_every_decision_is_copied_once_with_all_it_says(me: User) -> None:
    choose(me, on=True)
    row = choose(me, on=False)
    assert copy_new() == ConsentEvent.objects.count()
    assert copied() == set(ConsentEvent.objects.values_list("pk", flat=True))
    entry = RightsEntry.objects.get(pk=row.pk)
    assert (entry.stream, entry.subject_id, entry.at) == ("consents_consentevent", me.pk, row.at)
    names = {str(field.column) for field in ConsentEvent._meta.local_concrete_fields}
    assert set(entry.facts) == names
    assert (entry.facts["action"], entry.facts["number"]) == ("withdrawn", row.number)
    assert copy_new() == 0


def test_only_what_is_new_is_copied(me: User) -> None:
    copy_new()
    before = copied()
    row = choose(me, on=True)
    assert copy_rights() == 1
    assert copied() - before == {row.pk}
    assert RightsMark.objects.get(stream="consents_consentevent").entry_id == row.pk


def test_a_row_that_was_committed_late_is_copied_too(me: User) -> None:
    """Its number and moment are those of before others that are copied already."""
    early, late = choose(me, on=True), choose(me, on=False)
    copy_new()
    with connections["keys"].cursor() as cursor:
        cursor.execute("alter table vault_rightsentry disable trigger rights_only_grow")
        cursor.execute("delete from vault_rightsentry where id = %s", [early.pk])
        cursor.execute("alter table vault_rightsentry enable always trigger rights_only_grow")
    assert copy_new() == 1
    assert {early.pk, late.pk} <= copied()


def test_no_word_of_a_person_is_copied(me: User) -> None:
    choose(me, on=True)
    copy_new()
    with connections["keys"].cursor() as cursor:
        cursor.execute("select string_agg(facts::text, ' ') from vault_rightsentry")
        said = cursor.fetchone()[0]
    profile = me.practitionerprofile if hasattr(me, "practitionerprofile") else None
    words = [me.email, "Roux", "Camille", *([profile.city] if profile else [])]
    assert [word for word in words if word.lower() in said.lower()] == []


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_is_not_committed_is_never_copied(me: User) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        copy_new()


@pytest.mark.parametrize(
    "sql", ["update vault_rightsentry set at = now()", "delete from vault_rightsentry", "truncate vault_rightsentry"]
)
def test_the_journal_only_grows(sql: str, me: User) -> None:
    copy_new()
    with (
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(using="keys"),
        connections["keys"].cursor() as cursor,
    ):
        cursor.execute(sql)


def test_copying_reads_no_more_however_many_there_are(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BATCH", 2)
    monkeypatch.setattr(journal, "MARGIN", timedelta())
    needed = []
    for _ in range(3):
        for number in range(6):
            choose(me, on=number % 2 == 0)
        copy_new()
        with CaptureQueriesContext(connection) as found:
            copy_new()
        needed.append(len(found))
    assert needed[0] == needed[1] == needed[2]
