"""The promises on evidence and journals are kept, and each breaks when its fact is broken by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from audit.actions import record_event, record_security
from audit.actors import Actor
from audit.calendar import expire_partition
from audit.models import ExpiredMonth, ExpiredRows
from audit.sealing import seal_all
from lifecycle.deletion.rules import Kind
from lifecycle.expiring import office
from lifecycle.models import ResidueScan, RunState, SweepRun
from lifecycle.sweeping import run_all
from privacy.ids import new_id
from privacy.promises import CHECKS, discover
from tests.accounts.factories import make_staff
from tests.audit.forge import accesses, backdate, force
from tests.consents.factories import choose, person
from tests.lifecycle.helpers import make_trial
from tests.lifecycle.test_expiring import deletion, written

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.database]
BY = Actor.system("test")
OURS = ["PC-43", "PC-46", "PC-46b", "PC-41", "PC-51", "PC-40", "PC-52"]
YEAR = timedelta(days=366)


def kept(promise_id: str, now: datetime | None = None) -> tuple[bool, dict[str, Any]]:
    """What our own check of the promise says."""
    discover()
    (check,) = [one for one in CHECKS[promise_id] if one.run.__module__ == "lifecycle.expiring.promises"]
    found = check.run(now or timezone.now())
    return found.kept, dict(found.figures)


@pytest.mark.parametrize("promise_id", OURS)
def test_each_promise_is_kept(promise_id: str) -> None:
    make_trial()
    found, figures = kept(promise_id)
    assert found is True, figures


@pytest.mark.parametrize(
    ("promise_id", "table", "years"),
    [("PC-46", "audit_securityentry", 2), ("PC-46b", "audit_accessentry", 4), ("PC-43", "consents_eventorigin", 2)],
)
def test_entry_long_past_its_term_breaks_its_promise(promise_id: str, table: str, years: int) -> None:
    now = timezone.now()
    choose(person(), "marketing_emails", now=now)
    record_security(by=BY, kind="login.ok", now=now)
    accesses(1, now)
    written(table, now - years * YEAR)
    found, figures = kept(promise_id)
    assert (found, figures["entries_past_their_term"]) == (False, 1)
    seal_all(now)
    run_all(by=BY, now=now, dry_run=False)
    assert kept(promise_id)[0] is True


def test_entry_is_not_late_while_a_sweep_may_still_come() -> None:
    record_security(by=BY, kind="login.ok", now=timezone.now())
    written("audit_securityentry", datetime(2024, 2, 10, tzinfo=UTC))
    assert kept("PC-46", datetime(2025, 3, 2, tzinfo=UTC))[0] is True
    assert kept("PC-46", datetime(2025, 3, 5, tzinfo=UTC))[0] is False


def test_month_that_left_early_breaks_its_promise() -> None:
    now = timezone.now()
    (number,) = accesses(1, now)
    backdate([number], now - 4 * YEAR)
    seal_all(now)
    expire_partition(table="audit_accessentry", month=(now - 4 * YEAR).date().replace(day=1), by=BY, now=now)
    assert kept("PC-46b")[0] is True
    force("audit_expiredmonth", "update audit_expiredmonth set at = at - interval '2 years'")
    found, figures = kept("PC-46b")
    assert (found, figures["months_gone_early"], ExpiredMonth.objects.count()) == (False, 1, 1)


def test_session_past_its_end_breaks_pc_43() -> None:
    Session.objects.create(session_key="x" * 32, session_data="", expire_date=timezone.now() - timedelta(days=3))
    assert kept("PC-43")[0] is False


def test_office_line_past_its_year_breaks_pc_46_until_the_sweep() -> None:
    staff = make_staff()
    for days in (300, 380):
        line = LogEntry.objects.create(user=staff, action_flag=CHANGE, object_repr="x")
        LogEntry.objects.filter(pk=line.pk).update(action_time=timezone.now() - timedelta(days=days))
    assert kept("PC-46")[0] is False
    assert office.sweep(by=BY, now=timezone.now(), dry_run=True)[office.NAME].due == 1
    assert office.sweep(by=BY, now=timezone.now(), dry_run=False)[office.NAME].done == 1
    assert (kept("PC-46")[0], LogEntry.objects.count()) == (True, 1)


def test_old_run_breaks_pc_46() -> None:
    old = timezone.now() - timedelta(days=400)
    SweepRun.objects.create(
        run=new_id(), rule="PC-99", started_at=old, finished_at=old, due=0, done=0, held=0, failed=0,
        state=RunState.DONE,
    )  # fmt: skip
    assert kept("PC-46")[0] is False


def test_table_that_nothing_empties_breaks_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    from lifecycle.expiring import promises

    monkeypatch.setitem(
        promises.ELSEWHERE, "PC-46", {"adapters.Incoming", "adapters.Outgoing", "admin.LogEntry", "lifecycle.SweepRun"}
    )
    assert kept("PC-46")[1]["tables_nothing_empties"] == ["accounts.LoginThrottle"]
    assert kept("PC-46")[0] is False


def test_event_long_past_its_term_breaks_pc_41() -> None:
    record_event(by=BY, verb="records.file.changed", object_type="x", object_id=1, now=timezone.now())
    written("audit_evententry", timezone.now() - 22 * YEAR)
    assert kept("PC-41")[0] is False


def test_proof_long_past_its_term_breaks_pc_51() -> None:
    somebody, now = person(), timezone.now()
    choose(somebody, "marketing_emails", False, now=now)
    late = now + 6 * YEAR
    found, figures = kept("PC-51", late)
    assert (found, figures["proofs_past_their_term"]) == (False, 1)
    run_all(by=BY, now=late, dry_run=False)
    found, figures = kept("PC-51", late)
    assert (found, figures["proofs_that_left"]) == (True, 1)
    force("audit_expiredrows", "update audit_expiredrows set newest = at")
    assert kept("PC-51", late)[0] is False
    assert ExpiredRows.objects.count() == 1


@pytest.fixture
def closed() -> User:
    """An account that was closed just now."""
    me = make_trial()
    deletion(me.pk, Kind.REQUESTED, timezone.now() - timedelta(days=9))
    deletion(me.pk, Kind.EXECUTED, timezone.now() - timedelta(days=1))
    return me


@pytest.mark.parametrize(("promise_id", "word", "count"), [("PC-40", "contract_facts", 1), ("PC-52", "requests", 1)])
def test_what_stays_long_after_a_closing_breaks_its_promise(
    closed: User, promise_id: str, word: str, count: int
) -> None:
    now = timezone.now()
    ResidueScan.objects.create(subject_id=closed.pk, at=now, tokens=1, counts={}, is_clean=True)
    late = now + 4 * YEAR
    assert kept(promise_id)[0] is True
    found, figures = kept(promise_id, late)
    assert (found, figures[f"{word}_past_their_term"]) == (False, count)
    run_all(by=BY, now=late, dry_run=False)
    found, figures = kept(promise_id, late)
    assert (found, figures[f"{word}_past_their_term"]) == (True, 0)


def test_pc_13_accepts_proofs_that_left_at_their_term_and_no_others() -> None:
    somebody, now = person(), timezone.now()
    choose(somebody, "marketing_emails", False, now=now)
    choose(somebody, "analytics_product", now=now)
    run_all(by=BY, now=now + 6 * YEAR, dry_run=False)
    (check,) = [one for one in CHECKS["PC-13"] if one.run.__module__ == "consents.promises"]
    assert check.run(now).kept is True
    force("audit_expiredrows", "delete from audit_expiredrows")
    assert check.run(now).kept is False
