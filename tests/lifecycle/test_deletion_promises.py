"""PC-34 and MD-22, measured, and each broken by hand."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import closing
from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents import suspension
from consents.actions import decide
from lifecycle import queries as phases
from lifecycle.deletion import promises, rules, telling
from lifecycle.deletion.actions import record_execution, request_deletion, waive_wait, withdraw_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, Disposal
from lifecycle.states import Name
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.promises import measure
from tests.letters import deliver
from tests.lifecycle.helpers import IN, PARIS, make_trial
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")

ASKED = IN[Name.TRIAL]
ENDS = datetime(2026, 10, 20, 12, 0, tzinfo=PARIS)
LATER = ASKED + timedelta(days=3)


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


def kept(promise_id: str, now: datetime = LATER) -> tuple[bool | None, dict[str, Any]]:
    (result,) = measure(now, [promise_id])
    return result.kept, dict(result.evidence)


def ask(user: User, now: datetime = ASKED) -> None:
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=actor_of(user), now=now)
    deliver()  # who isn't told breaks PC-34 too (test_deletion_texts.py)


def force(sql: str, *values: object) -> None:
    """What nobody may do, done by a superuser's hand."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table lifecycle_deletionevent disable trigger user")
        cursor.execute(sql, values)
        cursor.execute("alter table lifecycle_deletionevent enable trigger user")


def broken(promise_id: str, figure: str, now: datetime = LATER) -> int:
    """What a figure counts once something is broken; the promise is no longer kept then."""
    is_kept, figures = kept(promise_id, now)
    assert is_kept is False
    return int(figures[figure])


@pytest.mark.parametrize("promise_id", ["PC-34", "MD-22"])
def test_promise_is_kept_through_a_whole_life(me: User, promise_id: str) -> None:
    make_trial("free@example.org")
    seen = [kept(promise_id, ASKED)[0]]
    ask(me)
    seen.append(kept(promise_id)[0])
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=LATER)
    deliver()
    seen.append(kept(promise_id)[0])
    ask(me, LATER)
    waive_wait(user=me, by=actor_of(me), now=LATER)
    seen.append(kept(promise_id)[0])
    record_execution(account_id=me.pk, plan_sha256="0" * 64, by=Actor.system("test"), now=LATER)
    seen.append(kept(promise_id)[0])
    assert seen == [True] * 5


def test_measuring_leaves_no_trace(me: User) -> None:
    assert (kept("PC-34")[1]["requests_tried"], DeletionEvent.objects.count()) == (1, 0)


def test_instant_after_the_deadline_breaks_it(me: User) -> None:
    ask(me)
    force("update lifecycle_deletionevent set execute_at = at + interval '40 days'")
    assert broken("PC-34", "requests_later_than_the_law") == 1


def test_request_that_nobody_executed_breaks_it(me: User) -> None:
    ask(me)
    for days in (7, 1):
        telling.sweep(by=Actor.system("test"), now=ENDS - timedelta(days=days), dry_run=False)
        deliver()
    assert (kept("PC-34", ENDS)[0], broken("PC-34", "executions_overdue", ENDS + timedelta(days=1))) == (True, 1)


@pytest.mark.parametrize("kind", ["executed", "requested"])
def test_second_end_or_an_early_one_breaks_it(me: User, kind: str) -> None:
    ask(me)
    DeletionEvent.objects.create(
        account_id=me.pk,
        number=2,
        request=1,
        kind=kind,
        at=ASKED + timedelta(days=1),
        actor_role="system",
        channel="task",
    )
    assert broken("PC-34", "accounts_with_more_than_one_end") == 1


def test_open_patient_files_of_somebody_leaving_break_it(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(me)
    monkeypatch.setattr(closing, "reasons", [one for one in closing.reasons if one is not phases.closed_by_phase])
    assert broken("PC-34", "accounts_waiting_that_are_not_restricted") == 1


def test_grant_for_somebody_leaving_breaks_it(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(subject_id=me.pk, key="marketing_emails", on=True, by=actor_of(me), language="en", channel="web", now=ASKED)
    ask(me)
    assert kept("PC-34")[0] is True
    monkeypatch.setattr(suspension, "reasons", [])
    assert broken("PC-34", "optional_processing_of_accounts_waiting") > 0


def test_request_that_cant_be_withdrawn_breaks_it(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "why_not_withdraw", lambda standing: rules.NOTHING)
    assert broken("PC-34", "requests_that_could_not_be_withdrawn") == 1


def test_withdrawal_after_the_instant_breaks_it(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "why_not_withdraw", lambda standing: None)
    assert broken("PC-34", "requests_that_could_not_be_withdrawn") == 1


def test_line_without_an_end_breaks_it(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def mute(user_id: Any, now: datetime) -> Any:
        plan = plan_for_account(user_id, now)
        return replace(plan, lines=tuple(replace(line, until=None) for line in plan.lines))

    monkeypatch.setattr(promises.seam, "plan_for_account", mute)
    assert broken("MD-22", "lines_without_ground_or_end") > 0


def test_execution_without_a_plan_breaks_it(me: User) -> None:
    ask(me)
    force("update lifecycle_deletionevent set plan_sha256 = ''")
    record_execution(account_id=me.pk, plan_sha256="0" * 64, by=Actor.system("test"), now=ENDS)
    assert broken("MD-22", "closed_without_an_approved_plan", ENDS) == 1


def test_file_destroyed_before_its_end_breaks_it(me: User) -> None:
    with scope(ALL):
        Disposal.objects.create(
            file_id=new_id(), practice_id=new_id(), rule="PC-41", until=date(2046, 1, 1), reason="erasure", counts={},
            decided_at=ASKED, actor_role="system",
        )  # fmt: skip
    assert broken("MD-22", "files_destroyed_before_their_end") == 1
