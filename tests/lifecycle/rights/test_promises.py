"""NEW-08, and what breaks it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from lifecycle.retention import door
from lifecycle.rights.journal import copy_new
from praticonnect.database import as_owner
from privacy.promises import measure
from tests.accounts.factories import make_practitioner
from tests.lifecycle.rights.test_guard import lose_in_journal, lose_in_main
from tests.lifecycle.rights.test_journal import choose
from tests.records.factories import make_file
from vault.models import FileKey, RightsEntry

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org")


@pytest.fixture
def gone(me: User) -> UUID:
    """A file that was destroyed."""
    file = make_file(me).pk
    make_file(me)
    door.destroy([file], reason=door.Reason.ERASURE, by=Actor.operations("test"), now=timezone.now())
    return file


def kept(now: datetime) -> tuple[bool | None, dict[str, Any]]:
    (result,) = measure(now, ["NEW-08"])
    return result.kept, dict(result.evidence)


def in_keys(*statements: str) -> None:
    with connections["keys"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_promise_is_kept_before_and_after_a_destruction(now: datetime, me: User, gone: UUID) -> None:
    choose(me, on=False)
    good, figures = kept(now)
    assert (good, figures["destroyed_files"], figures["destroyed_files_with_a_living_key"]) == (True, 1, 0)


def test_promise_breaks_with_a_key_that_came_back(now: datetime, gone: UUID) -> None:
    in_keys("alter table vault_filekey disable trigger user")
    FileKey.objects.filter(file_id=gone).update(destroyed_at=None)
    in_keys(
        *(f"alter table vault_filekey enable always trigger {name}" for name in ("key_stays_dead", "key_row_stays"))
    )
    good, figures = kept(now)
    assert (good, figures["destroyed_files_with_a_living_key"], figures["guards_off"]) == (False, 1, [])


@pytest.mark.parametrize(
    ("table", "guard"),
    [
        ("vault_filekey", "key_stays_dead"),
        ("vault_filekey", "key_row_stays"),
        ("vault_rightsentry", "rights_only_grow"),
    ],
)
def test_promise_breaks_with_a_guard_off(table: str, guard: str, now: datetime) -> None:
    in_keys(f"alter table {table} disable trigger {guard}")
    good, figures = kept(now)
    assert (good, figures["guards_off"]) == (False, [guard])


def test_promise_breaks_with_a_decision_the_journal_lost(now: datetime, me: User) -> None:
    """Not the newest: nothing is refused at start, and yet it is missed."""
    row = choose(me, on=False)
    copy_new()
    choose(me, on=True)
    copy_new()
    lose_in_journal(row.pk)
    good, figures = kept(now)
    assert (good, figures["what_keeps_from_starting"], figures["decisions_missing_in_the_journal"]) == (False, "", 1)


def test_promise_breaks_with_a_main_database_that_was_restored(now: datetime, me: User) -> None:
    row = choose(me, on=False)
    copy_new()
    lose_in_main(row)
    assert RightsEntry.objects.filter(pk=row.pk).exists()
    good, figures = kept(now)
    assert good is False
    assert "run manage.py rights replay" in figures["what_keeps_from_starting"]


def test_promise_breaks_with_keys_in_the_main_database(now: datetime) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("create table vault_filekey (id int)")
    good, figures = kept(now)
    assert (good, figures["keys_stand_apart"]) == (False, False)
