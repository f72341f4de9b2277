"""Executing what is due: exactly what was approved, once, or stopped; never what was withdrawn (PC-34)."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle import tasks
from lifecycle.deletion import executing, links
from lifecycle.deletion.actions import request_deletion, waive_wait, withdraw_deletion
from lifecycle.deletion.executing import execute_due
from lifecycle.deletion.queries import facts_of, standing_at
from lifecycle.deletion.rules import Kind, State
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, Erasure, ErasureCertificate
from lifecycle.queries import contract_at, phase_at
from lifecycle.residue import recording
from lifecycle.residue.databases import scan_databases
from lifecycle.residue.searching import Search
from lifecycle.states import Name
from privacy.refusals import Refused
from records.models import PatientFile
from tests.accounts.factories import prove, verified_client
from tests.letters import deliver
from tests.lifecycle.erasure_world import old_file
from tests.lifecycle.helpers import IN, make_trial
from tests.records.factories import actor_of, make_file
from tests.together import together

pytestmark = [pytest.mark.database, pytest.mark.django_db(databases=["default", "keys"], transaction=True)]

BY = Actor.system("test")
ASKED = IN[Name.TRIAL]
INSTANT = timedelta(microseconds=1)
EMAIL = "camille@example.org"


@pytest.fixture(autouse=True)
def _only_these_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store is searched in tests/lifecycle/residue."""
    monkeypatch.setattr(recording, "scan", lambda words: list(scan_databases(Search(words))))


@pytest.fixture
def me() -> User:
    return make_trial(EMAIL, surname="Rouxval", rpps="10001234567")


def somebody(number: int) -> User:
    """Who shares no word with another: the scan after an erasure looks for each of them."""
    word = "abcdefgh"[number] * 6
    own = {
        "surname": f"Zq{word}",
        "given_names": f"Xw{word}",
        "address_line": f"{number + 71} Vj{word}",
        "city": f"Kb{word}",
        "postal_code": f"9{number}{number}11",
    }
    return make_trial(f"pq{word}@example.org", **own)


def ask(user: User, now: Any = ASKED) -> Any:
    """A request; returns its instant."""
    plan = plan_for_account(user.pk, now).sha256
    return request_deletion(user=user, plan_sha256=plan, by=actor_of(user), now=now).execute_at


def swept(now: Any, *, dry_run: bool = False) -> tuple[int, int, int, int]:
    outcome = executing.sweep(by=BY, now=now, dry_run=dry_run)["PC-34"]
    return outcome.due, outcome.done, outcome.held, outcome.failed


def kinds(user: User) -> list[Kind]:
    return [fact.kind for fact in facts_of(user.pk)]


def files_left() -> int:
    with scope(ALL):
        return PatientFile.objects.count()


def test_sweep_executes_from_the_instant_on_and_once(me: User) -> None:
    old_file(me)
    make_file(me, now=ASKED)
    ends = ask(me)
    assert deliver() == 1
    assert (swept(ends - INSTANT), swept(ends, dry_run=True), kinds(me)) == (
        (0, 0, 0, 0),
        (1, 0, 0, 0),
        [Kind.REQUESTED],
    )
    assert (swept(ends), swept(ends), kinds(me)) == ((1, 1, 0, 0), (0, 0, 0, 0), [Kind.REQUESTED, Kind.EXECUTED])
    me.refresh_from_db()
    assert (me.is_active, files_left(), phase_at(me.pk, ends).name) == (False, 1, Name.CLOSED)
    assert contract_at(me.pk, ends).name is Name.FREE_LISTING
    asked, executed = DeletionEvent.objects.order_by("number")
    decided = Erasure.objects.get(state="decided")
    assert (executed.plan_sha256, decided.approved_sha256) == (decided.plan_sha256, asked.plan_sha256)
    assert [one.to for one in mail.outbox] == [[EMAIL], [EMAIL]]
    assert [bool(one.attachments) for one in mail.outbox] == [False, True]


def test_subscription_ends_with_the_account(me: User) -> None:
    from lifecycle.actions import subscribe

    subscribe(user=me, by=actor_of(me), now=ASKED)
    ends = ask(me)
    execute_due(account_id=me.pk, by=BY, now=ends)
    assert contract_at(me.pk, ends + INSTANT).name is Name.GRACE


def test_nothing_is_taken_back_after_the_execution(me: User) -> None:
    ends = ask(me)
    token = links.token_of(me.pk, 1, ASKED)
    execute_due(account_id=me.pk, by=BY, now=ends)
    with pytest.raises(Refused) as late:
        withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ends - INSTANT)
    with pytest.raises(Refused) as again:
        execute_due(account_id=me.pk, by=BY, now=ends)
    with time_machine.travel(ends, tick=False):
        page = Client().post(reverse("lifecycle:keep", args=[token]), follow=True)
    assert (late.value.refusal.code, again.value.refusal.code, page.status_code) == ("too_late", "nothing", 410)
    assert kinds(me) == [Kind.REQUESTED, Kind.EXECUTED]


def test_change_that_nobody_heard_of_still_stops_it(me: User) -> None:
    """The security journal is read again under the lock: a second wall behind the hook."""
    old_file(me)
    ends = ask(me)
    record_security(by=actor_of(me), kind="email.changed", account_id=me.pk, now=ends - timedelta(days=1))
    assert (swept(ends), kinds(me), files_left()) == ((1, 0, 1, 0), [Kind.REQUESTED, Kind.STOPPED], 1)
    assert (phase_at(me.pk, ends), mail.outbox[-1].subject) == (
        contract_at(me.pk, ends),
        "The deletion of your account was stopped",
    )


def test_more_than_was_approved_is_never_destroyed(me: User) -> None:
    """A file that wasn't in the plan: nothing goes, the person is told, and asks again with the new plan."""
    ends = ask(me)
    old_file(me)
    assert (swept(ends), kinds(me), files_left()) == ((1, 0, 1, 0), [Kind.REQUESTED, Kind.STOPPED], 1)
    assert "more would have gone than the plan" in mail.outbox[-1].body
    later = ask(me, ends + timedelta(days=1))
    assert (swept(later), files_left()) == ((1, 1, 0, 0), 0)


def test_failure_of_one_keeps_none_waiting_and_is_tried_again(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    other = somebody(7)
    ends = ask(me)
    ask(other)
    real = executing.seam.execute_account

    def fails(user_id: Any, *rest: Any, **named: Any) -> Any:
        if user_id == me.pk:
            raise ConnectionError
        return real(user_id, *rest, **named)

    with monkeypatch.context() as broken:
        broken.setattr(executing.seam, "execute_account", fails)
        assert swept(ends) == (2, 1, 0, 1)
    assert (kinds(me), kinds(other)) == ([Kind.REQUESTED], [Kind.REQUESTED, Kind.EXECUTED])
    assert swept(ends) == (1, 1, 0, 0)


def test_crash_before_the_decision_is_committed_leaves_the_request(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision and the row "executed" stand or fall together."""
    old_file(me)
    ends = ask(me)

    def dies(**_named: Any) -> None:
        raise SystemError

    with monkeypatch.context() as broken:
        broken.setattr(executing.actions, "record_execution", dies)
        assert swept(ends) == (1, 0, 0, 1)
    me.refresh_from_db()
    assert (me.is_active, me.email, kinds(me), Erasure.objects.filter(state="decided").count()) == (
        True,
        EMAIL,
        [Kind.REQUESTED],
        0,
    )
    assert (swept(ends), files_left()) == ((1, 1, 0, 0), 0)


def test_click_that_waives_executes_in_the_worker(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.execute_deletion, "delay", tasks.execute_deletion)
    ask(me)
    now = ASKED + timedelta(hours=1)
    with time_machine.travel(now, tick=False):
        client = verified_client(me, now=now)
        prove(client, me, at=now)
        client.post(reverse("lifecycle:deletion_waive"))
    assert (kinds(me), ErasureCertificate.objects.count()) == ([Kind.REQUESTED, Kind.WAIVED, Kind.EXECUTED], 1)


def test_broker_that_is_away_leaves_the_waiver_to_the_sweep(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_account: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(tasks.execute_deletion, "delay", away)
    ask(me)
    now = ASKED + timedelta(hours=1)
    with time_machine.travel(now, tick=False):
        client = Client()
        client.cookies = verified_client(me, now=now).cookies
        prove(client, me, at=now)
        assert client.post(reverse("lifecycle:deletion_waive"))["Location"] == reverse("lifecycle:left")
    assert (standing_at(me.pk, now).state, swept(now)) == (State.DUE, (1, 1, 0, 0))


def test_withdrawal_and_erasure_at_once_have_one_winner() -> None:
    """The whole erasure against a withdrawal of the last microsecond: all gone, or all there."""
    for turn in range(6):
        user = somebody(turn)
        file = old_file(user)
        ends = ask(user)
        acts = [
            lambda u=user, at=ends: withdraw_deletion(account_id=u.pk, by=actor_of(u), now=at - INSTANT),
            lambda u=user, at=ends: execute_due(account_id=u.pk, by=BY, now=at),
        ]
        found = together(*(acts if turn % 2 else reversed(acts)))
        assert [isinstance(one, Exception) for one in found].count(True) == 1, found
        assert [isinstance(one, Refused) for one in found].count(True) == 1, found
        user.refresh_from_db()
        with scope(ALL):
            there = PatientFile.objects.filter(pk=file.pk).exists()
        assert (kinds(user)[-1], user.is_active, there) in (
            (Kind.WITHDRAWN, True, True),
            (Kind.EXECUTED, False, False),
        )


def test_two_sweeps_at_once_execute_once(me: User) -> None:
    old_file(me)
    ends = ask(me)
    found = together(lambda: swept(ends), lambda: swept(ends))
    assert (sum(one[1] for one in found), sum(one[3] for one in found)) == (1, 0)  # type: ignore[index]
    assert (kinds(me), ErasureCertificate.objects.count()) == ([Kind.REQUESTED, Kind.EXECUTED], 1)


def run(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*words, "--now", ASKED.isoformat(), "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


@pytest.fixture
def _clock(settings: Any) -> None:
    settings.TIME_TRAVEL = True


@pytest.mark.usefixtures("_clock")
def test_commands_request_and_withdraw(me: User) -> None:
    asked = run("account", "request-deletion", EMAIL)
    back = run("account", "withdraw-deletion", EMAIL)
    assert (asked["deletion"], asked["phase"], asked["execute_at"]) == (
        "pending",
        "deletion_pending",
        "2026-10-20T10:00:00+00:00",
    )
    assert (back["deletion"], back["phase"], back["last"]) == ("none", "trial", "withdrawn")


@pytest.mark.usefixtures("_clock")
def test_command_waives_and_executes(me: User) -> None:
    run("account", "request-deletion", EMAIL)
    done = run("account", "request-deletion", EMAIL, "--waive")
    assert (done["deletion"], done["phase"], kinds(me)) == (
        "executed",
        "closed",
        [Kind.REQUESTED, Kind.WAIVED, Kind.EXECUTED],
    )


@pytest.mark.usefixtures("_clock")
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["withdraw-deletion", EMAIL], "There is no deletion request"),
        (["request-deletion", EMAIL, "--plan", "0" * 64], "The plan has changed"),
        (["request-deletion", "nobody@example.org"], "There is no account"),
    ],
)
def test_wrong_use_is_one_line(me: User, words: list[str], line: str) -> None:
    with pytest.raises(CommandError) as caught:
        run("account", *words)
    assert (line in str(caught.value), caught.value.returncode, kinds(me)) == (True, 2, [])


def test_waived_execution_isnt_held_by_the_window_of_the_wait(me: User) -> None:
    ask(me)
    now = ASKED + timedelta(days=20)
    waive_wait(user=me, by=actor_of(me), now=now)
    assert execute_due(account_id=me.pk, by=BY, now=now) is Kind.EXECUTED
