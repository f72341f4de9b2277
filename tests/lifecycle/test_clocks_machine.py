"""All the clocks together, in any order, on the real databases (issue 3, Done-when 1; appendix A: 1, 2, 3, 6, 8, 13, 15).

MACHINE=big walks far, another way each time; in the suite it is the same short walk.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.access import Act
from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor
from audit.sealing import seal_all
from audit.verification import verify_all
from care.tenancy import ALL, scope
from consents import queries as consents
from consents.models import ConsentEvent
from lifecycle.actions import end_subscription, subscribe
from lifecycle.deletion.actions import request_deletion, stop_after_change, waive_wait, withdraw_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, Hold
from lifecycle.queries import closed_by_phase, phase_at
from lifecycle.residue import recording
from lifecycle.rules import Refused
from lifecycle.states import Name
from lifecycle.sweeping import run_all
from privacy.consent_keys import KEYS, Kind
from records import actions
from records.models import Consultation, ConsultationStatus, ConsultationVersion, PatientFile
from records.queries import files_for
from tests.accounts.factories import make_practitioner
from tests.consents.factories import choose
from tests.lifecycle.clock_model import DAY, OPEN, PARIS, Account, Kept, day_of, midnight_after, years_after
from tests.lifecycle.digests import digest
from tests.lifecycle.retention.helpers import rows_of
from tests.lifecycle.retention.test_crashes import Crash, cut_off, undone
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import actor_of, make_file, working
from vault.models import FileKey

BIG = os.environ.get("MACHINE") == "big"
SIZE = {"max_examples": 150, "stateful_step_count": 60} if BIG else {"max_examples": 3, "stateful_step_count": 14}
STATEMENTS = 900
"""About as many as a sweep has when there is something to do."""
SIGNED_UP = datetime(2026, 11, 2, 9, 15, tzinfo=PARIS)
BY = Actor.system("sweep")
OPTIONAL = sorted(key for key, one in KEYS.items() if one.kind is Kind.CONSENT)
YES, NO = {"given", "renewed"}, {"refused", "withdrawn"}
ENDS = {"withdrawn", "stopped", "executed"}


class Clocks(RuleBasedStateMachine):
    """One practice; beside it a model that knows days and nothing of the code."""

    user: User

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(undone())
        self.now = SIGNED_UP.astimezone(UTC) + timedelta(hours=2)
        self.account = Account(SIGNED_UP)
        self.files: list[Kept] = []
        self.on: dict[str, bool] = dict.fromkeys(OPTIONAL, False)
        self.ledger: dict[UUID, ConsentEvent] = {}
        self.requests: dict[UUID, DeletionEvent] = {}

    def teardown(self) -> None:
        """Invariant 13: whatever happened was lawful, and the ledger says so."""
        try:
            seal_all(self.now)
            assert verify_all() == []
        finally:
            self.stack.close()

    # What people do

    @initialize(subscribed=st.booleans())
    def begin(self, subscribed: bool) -> None:
        if subscribed:
            self.subscribe()
        self.new_file(born=None, ago=0)

    @precondition(lambda self: self.may_care() and len(self.files) < 8)
    @rule(
        born=st.none() | st.dates(date(1950, 1, 1), date(2026, 10, 1)), ago=st.sampled_from([0, 0, 400, 7_200, 9_000])
    )
    def new_file(self, born: date | None, ago: int) -> None:
        file = make_file(self.user, now=self.now, birth_date=born.isoformat() if born else None)
        kept = Kept(file.pk, day_of(self.now), born)
        self.files.append(kept)
        if ago:
            self._sign(file, kept, ago)

    @precondition(lambda self: self.may_care() and self.there())
    @rule(which=st.integers(0, 7), ago=st.sampled_from([0, 0, 1, 30, 2_000, 7_400]))
    def sign_consultation(self, which: int, ago: int) -> None:
        kept = self.pick(which)
        with working(self.user):
            file = files_for(self.user, self.now).filter(pk=kept.file_id).first()
        if file is not None:
            self._sign(file, kept, ago)

    def _sign(self, file: PatientFile, kept: Kept, ago: int) -> None:
        """Today's, or one of long ago that is entered now."""
        began = self.now - ago * DAY
        with working(self.user) as by:
            row = actions.start_consultation(file=file, by=by, now=self.now, started_at=began)
            row = actions.save_draft(
                consultation=row, content={"reason": "Mal de dos"}, revision=row.revision, by=by, now=self.now
            )
            actions.sign(consultation=row, by=by, now=self.now)
        kept.visits.append(day_of(began))

    @precondition(lambda self: self.there())
    @rule(which=st.integers(0, 7))
    def place_hold(self, which: int) -> None:
        kept = self.pick(which)
        hold = place(self._stored(kept), now=self.now, review_on=day_of(self.now) + 90 * DAY)
        kept.live[hold.pk] = day_of(self.now)

    @precondition(lambda self: any(kept.live for kept in self.files))
    @rule(which=st.integers(0, 20))
    def lift_hold(self, which: int) -> None:
        held = [(kept, hold_id) for kept in self.files for hold_id in kept.live]
        kept, hold_id = held[which % len(held)]
        with scope(ALL):
            lift(Hold.objects.get(pk=hold_id), now=self.now)
        kept.lifted.append((kept.live.pop(hold_id), day_of(self.now)))

    @precondition(lambda self: self.phase() is not Name.CLOSED)
    @rule(key=st.sampled_from(OPTIONAL), on=st.booleans())
    def choose(self, key: str, on: bool) -> None:
        choose(self.me(), key, on, now=self.now)
        self.on[key] = on

    @precondition(lambda self: not self.account.subscribed)
    @rule()
    def subscribe(self) -> None:
        if self.account.instant or self.account.gone:
            with pytest.raises(Refused):
                subscribe(user=self.user, by=self.me(), now=self.now)
        else:
            subscribe(user=self.user, by=self.me(), now=self.now)
            self.account.subscribed = True

    @precondition(lambda self: self.account.subscribed and self.phase() is not Name.CLOSED)
    @rule()
    def end_subscription(self) -> None:
        end_subscription(user=self.user, by=self.me(), now=self.now)
        self.account.subscribed, self.account.ended = False, self.now

    @rule()
    def request_deletion(self) -> None:
        account = self.account
        if account.instant or account.gone or account.shielded(self.now):
            with pytest.raises(Refused):
                self._ask()
        else:
            account.asked, account.instant = self.now, self._ask()

    def _ask(self) -> datetime:
        plan = plan_for_account(self.user.pk, self.now).sha256
        standing = request_deletion(user=self.user, plan_sha256=plan, by=self.me(), now=self.now)
        assert standing.execute_at is not None
        assert self.now < standing.execute_at <= midnight_after(day_of(self.now) + 31 * DAY)
        return standing.execute_at

    @precondition(lambda self: self.account.instant)
    @rule()
    def waive_wait(self) -> None:
        account = self.account
        if not account.waits(self.now) or account.shielded(self.now):
            with pytest.raises(Refused):
                waive_wait(user=self.user, by=self.me(), now=self.now)
        else:
            waive_wait(user=self.user, by=self.me(), now=self.now)
            account.instant = self.now

    @precondition(lambda self: self.account.asked or self.account.gone)
    @rule()
    def withdraw(self) -> None:
        if self.account.waits(self.now):
            withdraw_deletion(account_id=self.user.pk, by=self.me(), now=self.now)
            self.account.no_request()
        else:
            with pytest.raises(Refused):
                withdraw_deletion(account_id=self.user.pk, by=self.me(), now=self.now)

    @precondition(lambda self: self.phase() is not Name.CLOSED)
    @rule()
    def change_factor(self) -> None:
        account, late = self.account, False
        if account.instant is not None:
            late = self.now >= account.instant - 7 * DAY
        record_security(by=self.me(), kind="factor.added", account_id=self.user.pk, now=self.now)
        assert stop_after_change(account_id=self.user.pk, by=self.me(), now=self.now) is late
        if self.now > account.signed_up + DAY:  # what is set up in an account's first day is no change of it
            account.changed = self.now
        if late:
            account.no_request()

    # What the clock and the sweeps do

    @rule(days=st.sampled_from([0, 1, 6, 7, 8, 31, 200, 366, 1_900, 4_000, 7_306]), minutes=st.integers(1, 1_500))
    def wait(self, days: int, minutes: int) -> None:
        self.now += days * DAY + timedelta(minutes=minutes)

    @precondition(lambda self: self.moments())
    @rule(which=st.integers(0, 20), before=st.booleans(), after=st.none() | st.integers(0, STATEMENTS))
    def go_to_an_end(self, which: int, before: bool, after: int | None) -> None:
        """The last minute before something ends, or its first after; a sweep comes then, which may be cut off."""
        moments = self.moments()
        self.now = max(self.now, moments[which % len(moments)] + timedelta(minutes=-1 if before else 1))
        if after is not None:
            self.sweep_cut_off(after)
        self.sweep()

    @rule()
    def sweep(self) -> None:
        found = run_all(by=BY, now=self.now, dry_run=False)
        assert {name: one for name, one in found.items() if one["failed"]} == {}
        self._after_a_sweep()
        before = digest()
        again = run_all(by=BY, now=self.now, dry_run=False)
        assert {name: one for name, one in again.items() if one["due"] or one["done"]} == {}
        after = digest()
        assert {name for name in before if before[name] != after[name]} == set()
        self._nothing_due_is_left()

    @rule(after=st.integers(0, STATEMENTS))
    def sweep_cut_off(self, after: int) -> None:
        """Then run again, at once or some time: the next sweep finishes it."""
        with suppress(Crash), cut_off(after):
            run_all(by=BY, now=self.now, dry_run=False)
        for alias in ("default", "keys"):  # a single save has no savepoint of its own, and asks the test's to roll back
            transaction.set_rollback(False, using=alias)
        self._after_a_sweep()

    def _after_a_sweep(self) -> None:
        """Take over what it made of files and of a request that was due; both have to be lawful."""
        there = self._there()
        for kept in self.files:
            if not kept.gone and kept.file_id not in there:
                assert kept.may_be_gone(self.now), "destroyed before its end"
                kept.gone = True
        last = DeletionEvent.objects.filter(account_id=self.user.pk).order_by("-number").first()
        if last and last.at == self.now and last.kind == "executed":
            assert self.account.instant is not None
            assert self.account.instant <= self.now
            self.account.gone, self.account.subscribed = True, False
        elif last and last.kind == "stopped" and self.account.instant:
            assert (last.why, self.account.instant <= self.now) == ("plan", True)
            self.account.no_request()

    def _nothing_due_is_left(self) -> None:
        for kept in self.files:
            assert kept.gone or not kept.must_be_gone(self.now), "still there after its end"
            if kept.gone:
                assert rows_of(kept.file_id) == {}
        assert self.account.gone or self.account.instant is None or self.now < self.account.instant

    # What always holds

    @invariant()
    def no_file_is_gone_but_by_its_end_and_all_of_the_others_is_there(self) -> None:
        """Invariants 1, 2 and, of 15, that the data are as they were."""
        kept = {one.file_id: one for one in self.files if not one.gone}
        assert self._there() == set(kept)
        with scope(ALL):
            signed = Consultation.objects.filter(status=ConsultationStatus.SIGNED)
            for rows, column in ((signed, "visits"), (ConsultationVersion.objects, "visits"), (Hold.objects, "holds")):
                found = Counter(rows.values_list("file_id", flat=True))
                wanted = {pk: one.holds if column == "holds" else len(one.visits) for pk, one in kept.items()}
                assert {pk: found[pk] for pk in kept} == wanted

    @invariant()
    def consents_are_what_the_ledger_says_and_the_ledger_stays(self) -> None:
        """Invariant 3: the state is the fold; entries leave five years after what they prove ended, and not before."""
        stored = {one.pk: one for one in ConsentEvent.objects.filter(subject_id=self.user.pk)}
        self.ledger |= stored
        history = sorted(self.ledger.values(), key=lambda one: one.number)
        for one in history:
            if one.pk not in stored:
                ends = [one.at] if one.action in NO else list(self._superseded(one, history))
                assert ends, "the proof of a consent that holds is gone"
                assert years_after(day_of(min(ends)), 5) < day_of(self.now), "a proof left too early"
        folded = {one.key: one.action in YES for one in history if not one.child}
        states = consents.states(self.user.pk, self.now)
        assert {key: states[key].on for key in folded} == folded
        assert {key: states[key].on for key in OPTIONAL} == {k: v and not self.account.gone for k, v in self.on.items()}

    def _superseded(self, one: ConsentEvent, history: list[ConsentEvent]) -> Iterator[datetime]:
        return (e.at for e in history if e.number > one.number and (e.key, e.child) == (one.key, one.child))

    @invariant()
    def each_request_has_one_end(self) -> None:
        """Invariant 6; rows of a request leave three years after its end, and not before (PC-52)."""
        stored = {one.pk: one for one in DeletionEvent.objects.filter(account_id=self.user.pk)}
        self.requests |= stored
        known = self.requests.values()
        ends = Counter(one.request for one in known if one.kind in ENDS)
        asked = [one.request for one in known if one.kind == "requested"]
        assert all(count == 1 for count in ends.values())
        assert len(asked) - len(ends) == bool(self.account.instant and not self.account.gone)
        assert [one.kind for one in known].count("executed") == self.account.gone
        for one in known:
            if one.pk not in stored:
                (ended,) = (end.at for end in known if end.request == one.request and end.kind in ENDS)
                assert years_after(day_of(ended), 3) < day_of(self.now), "an entry of a request left too early"

    @invariant()
    def what_is_open_is_what_the_phase_allows(self) -> None:
        """Invariant 15: no care in free_listing nor while leaving; rights are open until the account is closed."""
        phase = self.phase()
        if self.account.gone and not DeletionEvent.objects.filter(account_id=self.user.pk).exists():
            assert not User.objects.get(pk=self.user.pk).is_active  # nothing tells of the contract any more
            return
        assert phase_at(self.user.pk, self.now).name is phase
        found = {act for act in Act if act is not Act.OFFICE and not closed_by_phase(self.user.pk, act, self.now)}
        assert found == OPEN[phase]

    # Looking

    def phase(self) -> Name:
        return self.account.phase(self.now)

    def may_care(self) -> bool:
        return Act.CARE in OPEN[self.phase()]

    def me(self) -> Actor:
        return actor_of(self.user)

    def there(self) -> list[Kept]:
        return [kept for kept in self.files if not kept.gone]

    def pick(self, which: int) -> Kept:
        found = self.there()
        return found[which % len(found)]

    def moments(self) -> list[datetime]:
        ends = [midnight_after(day) for kept in self.there() for day in (kept.end(), kept.latest())]
        instant = [self.account.instant] if self.account.instant else []
        return sorted({moment for moment in [*ends, *instant] if moment > self.now})

    def _stored(self, kept: Kept) -> PatientFile:
        with scope(ALL):
            return PatientFile.objects.get(pk=kept.file_id)

    def _there(self) -> set[UUID]:
        """Files whose row stands, undecided, and whose key lives."""
        with scope(ALL):
            rows = set(PatientFile.objects.filter(leaving_at=None).values_list("pk", flat=True))
        return rows & set(FileKey.objects.filter(destroyed_at=None, file_id__in=rows).values_list("file_id", flat=True))


@pytest.mark.django_db(databases=["default", "keys"])
def test_all_clocks_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for residue has its own tests, and takes a second."""
    monkeypatch.setattr(recording, "scan", lambda _words: [])
    user = make_practitioner(now=SIGNED_UP, subscribed=False)
    machine: Any = type("ClocksOfOne", (Clocks,), {"user": user})
    health = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(
            deadline=None, phases=[Phase.generate], derandomize=not BIG, suppress_health_check=health, **SIZE
        ),
    )
