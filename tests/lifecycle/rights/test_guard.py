"""When nothing may start, and which line says why (NEW-08)."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.calendar import expire_rows
from consents.models import ConsentEvent
from lifecycle.management.commands import rights
from lifecycle.models import DeletionEvent, RightsMark, RightsReplay
from lifecycle.rights import guard
from lifecycle.rights.journal import copy_new
from lifecycle.tasks import copy_rights
from praticonnect import starting
from praticonnect.database import as_owner
from privacy import commandline
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner
from tests.audit.forge import force
from tests.lifecycle.rights.test_journal import choose
from vault.management.commands import keys
from vault.models import RightsEntry

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org")


def lose_in_main(*rows: ConsentEvent) -> None:
    """As a restore does: the rows were never there."""
    ids = ", ".join(f"'{row.pk}'" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    force("consents_consentevent", f"delete from consents_consentevent where id in ({ids})")


def lose_in_journal(*ids: Any) -> None:
    with connections["keys"].cursor() as cursor:
        cursor.execute("alter table vault_rightsentry disable trigger rights_only_grow")
        cursor.execute("delete from vault_rightsentry where id = any(%s) or %s", [list(ids), not ids])
        cursor.execute("alter table vault_rightsentry enable always trigger rights_only_grow")


def test_a_house_in_order_starts(me: User) -> None:
    assert guard.why_not_start() is None
    copy_new()
    choose(me, on=True)
    assert guard.why_not_start() is None
    starting.refuse_restored()


def test_a_main_database_older_than_the_journal_does_not(me: User, capsys: pytest.CaptureFixture[str]) -> None:
    row = choose(me, on=True)
    copy_new()
    lose_in_main(row)
    assert guard.why_not_start() == guard.OLDER
    with pytest.raises(SystemExit) as ended:
        starting.refuse_restored()
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "run manage.py rights replay" in said


def test_an_unfinished_replay_does_not() -> None:
    RightsReplay.objects.create(started_at=timezone.now())
    assert guard.why_not_start() == guard.UNFINISHED


def test_an_empty_journal_beside_a_main_database_that_copied_to_it_does_not(me: User) -> None:
    copy_new()
    lose_in_journal()
    assert not RightsEntry.objects.exists()
    assert guard.why_not_start() == guard.MISSING


def test_a_journal_whose_table_is_gone_does_not(me: User) -> None:
    copy_new()
    with connections["keys"].cursor() as cursor:
        cursor.execute("drop table vault_rightsentry")
    assert guard.why_not_start() == guard.MISSING


def test_a_journal_older_than_the_main_database_does_not(me: User) -> None:
    choose(me, on=True)
    copy_new()
    lose_in_journal(*RightsMark.objects.values_list("entry_id", flat=True))
    assert guard.why_not_start() == guard.BEHIND


def test_evidence_that_expired_is_no_restore(me: User) -> None:
    row = DeletionEvent.objects.create(
        account_id=me.pk, number=1, request=1, kind="requested", at=timezone.now() - timedelta(days=2000),
        execute_at=timezone.now() - timedelta(days=1970), plan_sha256="", actor_role="system", channel="task",
    )  # fmt: skip
    copy_new()
    number = RightsEntry.objects.get(pk=row.pk).number
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    expire_rows(
        table="lifecycle_deletionevent", numbers=[number], rule="PC-52", by=Actor.system("test"), now=timezone.now()
    )
    assert not DeletionEvent.objects.filter(pk=row.pk).exists()
    assert guard.why_not_start() is None
    call_command("rights", "replay", stdout=io.StringIO())
    assert not DeletionEvent.objects.filter(pk=row.pk).exists()


def test_evidence_older_than_its_term_is_no_restore_even_under_another_number(me: User) -> None:
    """After a replay a row has a new number, and leaves under that one."""
    choose(me, on=True)
    copy_new()
    old = timezone.now() - timedelta(days=1200)
    known = {"number": 999_999, "subject_id": me.pk, "at": old, "written_at": old, "facts": {}}
    RightsEntry.objects.create(id=new_id(), stream="lifecycle_deletionevent", **known)
    assert guard.why_not_start() is None
    call_command("rights", "replay", stdout=io.StringIO())
    assert not DeletionEvent.objects.exists()
    RightsEntry.objects.create(id=new_id(), stream="lifecycle_disposal", **known)
    assert guard.why_not_start() == guard.OLDER


def test_the_copying_task_leaves_a_restored_database_alone(me: User) -> None:
    row = choose(me, on=True)
    copy_new()
    lose_in_main(row)
    choose(me, "analytics_product", on=True)
    assert copy_rights() == 0


def typed(command: BaseCommand, *arguments: str) -> None:
    """Run a command as if somebody had typed it."""
    command._called_from_command_line = True
    call_command(command, *arguments, stdout=io.StringIO())


def test_a_typed_command_is_refused_with_one_line_and_the_replay_is_not(
    me: User, capsys: pytest.CaptureFixture[str]
) -> None:
    row = choose(me, on=True)
    copy_new()
    lose_in_main(row)
    assert guard.why_not_start in commandline.refusals
    with pytest.raises(SystemExit) as ended:
        typed(keys.Command(), "status")
    assert (ended.value.code, capsys.readouterr().err) == (2, f"{guard.OLDER}\n")
    typed(rights.Command(), "replay")
    typed(keys.Command(), "status")


def test_readyz_says_no(client: Any, me: User) -> None:
    assert client.get("/readyz").json()["rights"] is True
    row = choose(me, on=True)
    copy_new()
    lose_in_main(row)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["rights"]) == (503, False)


def test_status_says_why_and_ends_with_1(me: User) -> None:
    out = io.StringIO()
    call_command("rights", "status", stdout=out)
    assert out.getvalue() == "The rights journal and the main database agree.\n"
    copy_new()
    lose_in_journal()
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rights", "status", stdout=out)
    assert (ended.value.code, out.getvalue()) == (1, f"{guard.MISSING}\n")


def test_a_replay_without_a_journal_is_refused_in_one_line(me: User) -> None:
    copy_new()
    lose_in_journal()
    with pytest.raises(CommandError) as refusal:
        call_command("rights", "replay", stdout=io.StringIO())
    assert (refusal.value.returncode, str(refusal.value)) == (2, guard.MISSING)
    assert not RightsEntry.objects.exists()
