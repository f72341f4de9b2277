"""A dump taken before an erasure and restored after it brings nobody back (NEW-08; done when 5). Real databases."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.verification import verify
from care.tenancy import ALL, scope
from consents.queries import is_live
from launcher.places import ROOT
from lifecycle.erasure.execute import execute_account
from lifecycle.erasure.plan import plan_for_account
from lifecycle.holds.actions import lift_hold, place_hold
from lifecycle.models import DeletionEvent, Disposal, Erasure, RightsReplay
from lifecycle.residue import scan
from lifecycle.retention import door
from lifecycle.rights import guard, replay, streams
from lifecycle.rights.journal import copy_new
from privacy.purposes import Purpose
from records.models import Document, PatientFile
from tests.accounts.factories import make_practitioner
from tests.lifecycle.erasure_world import old_file
from tests.lifecycle.residue.test_stores import own_places
from tests.lifecycle.rights.drill import Drill, differences, state
from tests.lifecycle.rights.test_journal import choose
from tests.records.factories import make_consultation, make_document, make_file, make_measure
from tests.security.searching import found
from vault import access, rings
from vault.errors import NoKey
from vault.models import FileKey

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True, databases="__all__")]
__all__ = ["own_places"]
BY = Actor.operations("drill")
NAMES = ("Kwzbergamote", "Kwzcardamome", "Kwzestragon", "Kwzfenouil")


@pytest.fixture
def drill(transactional_db: None, tmp_path: Path) -> Iterator[Drill]:
    with Drill(tmp_path).running() as running:
        yield running


@pytest.fixture
def me(drill: Drill) -> User:
    user = make_practitioner("camille@example.org")
    choose(user, on=True)
    choose(user, "analytics_product", on=True)
    return user


@pytest.fixture
def files(me: User) -> list[UUID]:
    """Four patients' files with all that hangs on one."""
    found = []
    for name in NAMES:
        file = make_file(me, surname=name)
        make_consultation(file, me, signed=True, reason=f"Kwzmal {name}")
        make_measure(file, me)
        make_document(file, me)
        found.append(file.pk)
    return found


def erase(*file_ids: UUID) -> None:
    assert set(door.destroy(file_ids, reason=door.Reason.ERASURE, by=BY, now=timezone.now())) == set(file_ids)


def again(**options: Any) -> dict[str, int]:
    out = io.StringIO()
    call_command("rights", "replay", json=True, stdout=out, **options)
    found: dict[str, int] = json.loads(out.getvalue())
    return found


def started(drill: Drill, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=drill.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def opens(file_id: UUID) -> bool:
    with transaction.atomic():
        try:
            access.open(file_id, by=BY, purpose=Purpose.CARE, part="file", practice_id=None, now=timezone.now())
        except NoKey:
            return False
    return True


def readable(dump: Path, words: list[str]) -> list[str]:
    """Those of the words that stand in the dump, in any form."""
    hits = found(((word, word) for word in words), {"dump": dump.read_bytes()})
    return sorted({word for word, _place, _form in hits})


def file_rows(file_id: UUID) -> int:
    with scope(ALL):
        return PatientFile.objects.filter(pk=file_id).count() + Document.objects.filter(file_id=file_id).count()


def test_a_restored_dump_is_unreadable_refused_and_replayed_to_the_same_state(
    drill: Drill, me: User, files: list[UUID]
) -> None:
    gone, kept = files[0], files[1]
    dump = drill.dump()
    assert str(me.pk).encode() in dump.read_bytes()
    assert readable(dump, ["camille@example.org", "Camille Roux", "12 rue des Tilleuls"]) == []

    erase(gone)
    choose(me, on=False)
    DeletionEvent.objects.create(
        account_id=me.pk, number=1, request=1, kind="requested", at=timezone.now(), plan_sha256="0" * 64,
        execute_at=timezone.now() + timedelta(days=30), actor_id=me.pk, actor_role="practitioner", channel="web",
    )  # fmt: skip
    copy_new()
    without = state()

    drill.restore(dump)
    assert file_rows(gone) == 2
    assert is_live(me.pk, "marketing_emails", now=timezone.now())
    assert scan([NAMES[0], f"Kwzmal {NAMES[0]}"]) == []
    assert (opens(gone), opens(kept)) == (False, True)
    assert guard.why_not_start() == guard.OLDER
    for command in (
        ["manage.py", "sweep"],
        ["-m", "celery", "-A", "praticonnect", "worker"],
        ["-c", "import praticonnect.wsgi"],
    ):
        refused = started(drill, *command)
        assert refused.returncode != 0
        assert [line for line in refused.stderr.splitlines() if guard.OLDER in line], refused.stderr

    done = again()
    assert (done["lifecycle.Disposal put back"], done["files destroyed"]) == (1, 1)
    assert differences(without, state()) == {}
    assert guard.why_not_start() is None
    assert not is_live(me.pk, "marketing_emails", now=timezone.now())
    assert is_live(me.pk, "analytics_product", now=timezone.now())
    assert (file_rows(gone), opens(kept)) == (0, True)
    assert verify().findings == []
    assert started(drill, "manage.py", "rights", "status").returncode == 0
    assert {name: count for name, count in again().items() if count} == {}
    assert differences(without, state()) == {}
    assert RightsReplay.objects.count() == 1


def test_an_erased_account_of_a_restored_dump_is_erased_again_to_the_same_state(drill: Drill, me: User) -> None:
    """With the files past their term destroyed, the others archived, consents ended, and the certificate's erasure known."""
    leaver = make_practitioner(
        "kwz.rouxval@example.org",
        surname="Kwzrouxval",
        given_names="Kwzcamille",
        rpps="10001234567",
        phone="+33612349876",
        address_line="7 quai Kwzoseille",
        city="Kwzville",
        qualifications="Kwzdiplome",
    )
    words = ["kwz.rouxval@example.org", "Kwzcamille Kwzrouxval", "10001234567", "+33612349876"]
    alone = ["Kwzrouxval", "Kwzcamille", "7 quai Kwzoseille", "Kwzville", "Kwzdiplome"]
    choose(leaver, on=True)
    due, young = old_file(leaver).pk, make_file(leaver, surname=NAMES[2]).pk
    dump = drill.dump()
    assert readable(dump, [*words, *alone]) == []
    now = timezone.now()

    plan = plan_for_account(leaver.pk, now)
    done = execute_account(leaver.pk, plan.sha256, by=BY, now=now)
    assert done.certificate is not None
    copy_new()
    without, mailed = state(), len(mail.outbox)
    assert scan(words) == []

    drill.restore(dump)
    assert readable(drill.dump(), [*words, *alone]) == []
    assert file_rows(due) + file_rows(young) == 2
    assert (opens(due), is_live(leaver.pk, "marketing_emails", now=now)) == (False, True)
    assert guard.why_not_start() == guard.OLDER
    done_again = again()
    assert (done_again["lifecycle.Erasure put back"], done_again["erasures finished"]) == (1, 1)
    assert scan(words) == []
    changed = differences(without, state())
    keys, letters = changed.pop("keys:vault_filekey"), changed.pop("default:adapters_outgoing")
    # the archived identity has a key of its own, each time; the certificate's letter isn't sent again
    assert ([row[0] for row in keys], [row[0] for row in letters], changed) == (["+"], ["-"], {})
    assert Erasure.objects.get(state="decided", subject_id=leaver.pk).erasure_id == done.erasure_id
    assert len(mail.outbox) == mailed
    assert guard.why_not_start() is None
    assert {name: count for name, count in again().items() if count} == {}
    assert User.objects.get(pk=me.pk).email == "camille@example.org"


def test_a_dump_with_one_name_in_clear_is_found_readable(drill: Drill, me: User) -> None:
    """The search above would find it, so that its silence says something."""
    with connections["default"].cursor() as cursor:
        cursor.execute("update accounts_practitionerprofile set city = 'Kwzville' where user_id = %s", [me.pk])
    assert readable(drill.dump(), ["Kwzville", "Camille Roux"]) == ["Kwzville"]


def test_a_person_who_came_after_the_restore_is_never_touched(drill: Drill, me: User, files: list[UUID]) -> None:
    dump = drill.dump()
    erase(files[0])
    drill.restore(dump)
    newcomer = make_practitioner("newcomer@example.org")
    choose(newcomer, on=True)
    file = make_file(newcomer, surname="Kwzgingembre")
    again()
    assert is_live(newcomer.pk, "marketing_emails", now=timezone.now())
    assert (file_rows(file.pk), opens(file.pk)) == (1, True)
    assert file_rows(files[0]) == 0


def test_who_chose_between_restore_and_replay_still_has_withdrawn(drill: Drill, me: User) -> None:
    """The number of the withdrawal is taken by then; it comes after what took it."""
    dump = drill.dump()
    choose(me, on=False)
    copy_new()
    drill.restore(dump)
    choose(me, "third_party_integrations", on=True)
    again()
    assert not is_live(me.pk, "marketing_emails", now=timezone.now())
    assert is_live(me.pk, "third_party_integrations", now=timezone.now())


def test_keys_that_a_restored_keys_database_brings_back_die_again(drill: Drill, me: User, files: list[UUID]) -> None:
    copy_new()
    old_keys = drill.dump("keys")
    erase(files[0])
    with scope(ALL):
        PatientFile.objects.filter(pk=files[1]).update(archived_at=timezone.now())
    rings.archive([files[1]], timezone.now())
    without = state()
    drill.restore(old_keys, "keys")
    assert opens(files[0])
    assert guard.why_not_start() == guard.BEHIND
    done = again()
    assert (done["entries copied to the journal"], done["keys destroyed again"], done["keys archived again"]) == (
        1,
        1,
        1,
    )
    assert not opens(files[0])
    assert guard.why_not_start() is None
    assert set(differences(without, state())) <= {"keys:vault_filekey", "keys:vault_rightsentry"}
    assert FileKey.objects.filter(file_id=files[0], destroyed_at=None).count() == 0


def test_both_databases_restored_from_before_are_brought_back_by_what_either_knows(
    drill: Drill, me: User, files: list[UUID]
) -> None:
    """Main from before both erasures, keys from between them: the first is known to the journal, the second to nobody."""
    old_main = drill.dump()
    erase(files[0])
    old_keys = drill.dump("keys")
    drill.restore(old_main)
    drill.restore(old_keys, "keys")
    assert guard.why_not_start() == guard.OLDER
    again()
    assert (file_rows(files[0]), opens(files[0])) == (0, False)


def test_a_lost_journal_is_one_clear_line_and_changes_nothing(drill: Drill, me: User, files: list[UUID]) -> None:
    erase(files[0])
    with connections["keys"].cursor() as cursor:
        cursor.execute("alter table vault_rightsentry disable trigger user")
        cursor.execute("truncate vault_rightsentry")
        cursor.execute("alter table vault_rightsentry enable always trigger rights_only_grow")
    before = state()
    with pytest.raises(CommandError) as refusal:
        again()
    assert str(refusal.value) == guard.MISSING
    refused = started(drill, "manage.py", "sweep")
    assert (refused.returncode, refused.stderr) == (2, f"{guard.MISSING}\n")
    assert differences(before, state()) == {}
    assert again(rebuild=True)["entries copied to the journal"] > 0
    assert guard.why_not_start() is None


def test_a_hold_that_was_lifted_before_the_erasure_does_not_keep_the_restored_file(
    drill: Drill, me: User, files: list[UUID]
) -> None:
    now = timezone.now()
    with scope(ALL):
        hold = place_hold(
            file_id=files[0],
            ground="claim",
            case="c",
            why="w",
            review_on=(now + timedelta(days=9)).date(),
            by=BY,
            now=now,
        )
    dump = drill.dump()
    with scope(ALL):
        lift_hold(hold_id=hold.pk, why="settled", by=BY, now=now)
    erase(files[0])
    drill.restore(dump)
    again()
    assert file_rows(files[0]) == 0
    with scope(ALL):
        assert Disposal.objects.get().reason == Disposal.Reason.REPLAY


def test_a_file_whose_key_is_dead_goes_even_if_no_journal_knew_why(drill: Drill, me: User, files: list[UUID]) -> None:
    rings.destroy([files[0]], timezone.now())
    done = again()
    assert (done["files without a living key decided"], file_rows(files[0])) == (1, 0)
    assert [file_rows(file_id) for file_id in files[1:]] == [2, 2, 2]


def test_sessions_of_before_the_restore_are_over(drill: Drill, me: User) -> None:
    session = SessionStore()
    session.save()
    dump = drill.dump()
    session.delete()
    choose(me, on=False)
    copy_new()
    drill.restore(dump)
    assert SessionStore().exists(session.session_key)
    again()
    assert not SessionStore().exists(session.session_key)


@pytest.mark.parametrize("point", range(8))
def test_a_replay_killed_anywhere_is_finished_by_the_next(
    point: int, drill: Drill, me: User, files: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = drill.dump()
    erase(files[0], files[1])
    for key in ("marketing_emails", "analytics_product"):
        choose(me, key, on=False)
    copy_new()
    without = state()
    drill.restore(dump)
    monkeypatch.setattr(replay, "BATCH", 1)
    with monkeypatch.context() as killing:
        kill_at(point, killing)
        with pytest.raises(Killed):
            again()
    assert guard.why_not_start() in (guard.OLDER, guard.UNFINISHED)
    again()
    assert differences(without, state()) == {}
    assert guard.why_not_start() is None


class Killed(BaseException):
    """The process ends here."""


def kill_at(point: int, patch: pytest.MonkeyPatch) -> None:
    """End at one of the places between two commits: after so many rows were put back, or in one of the steps."""
    if point < 3:
        _kill_after(point, patch, streams.Stream, "insert")
    elif point == 3:
        _kill_after(0, patch, door, "finish_decided")
    elif point == 4:
        _kill_after(0, patch, door, "remove_objects")
    elif point == 5:
        _kill_after(0, patch, door, "_delete_rows")
    elif point == 6:
        _kill_after(0, patch, rings, "destroy")
    else:
        _kill_after(0, patch, replay, "end_sessions")


def _kill_after(calls: int, patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    original, left = getattr(owner, name), [calls]

    def ends(*arguments: Any, **named: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return original(*arguments, **named)

    patch.setattr(owner, name, ends)
