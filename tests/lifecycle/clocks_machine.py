"""All the clocks together, in any order, on the real databases (issue 3, Done-when 1; appendix A: 1 to 6, 8, 13, 15).

Walked by test_clocks_machine.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from django.db import connections
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from accounts.access import Act
from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor
from audit.sealing import seal_all
from audit.verification import verify_all
from care.tenancy import ALL, scope
from consents import queries as consents
from consents.grants import grants_for
from consents.models import ConsentEvent
from directory.cards import LISTING
from directory.queries import candidates, published
from lifecycle.actions import end_subscription, subscribe
from lifecycle.deletion.actions import request_deletion, stop_after_change, waive_wait, withdraw_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, Hold
from lifecycle.queries import closed_by_phase, phase_at
from lifecycle.states import Name
from lifecycle.sweeping import run_all
from privacy.consent_keys import KEYS, Kind
from privacy.refusals import Refused
from records import actions
from records.models import Consultation, ConsultationStatus, ConsultationVersion, PatientFile
from records.queries import files_for
from tests.consents.factories import choose
from tests.lifecycle.clock_model import (
    DAY,
    HALF,
    OPEN,
    PARIS,
    Account,
    Kept,
    answer_day,
    day_of,
    midnight_after,
    years_after,
)
from tests.lifecycle.digests import digest
from tests.lifecycle.retention.helpers import ring_of, rows_of
from tests.lifecycle.retention.test_crashes import Crash, cut_off, undone
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import actor_of, make_file, working
from vault.models import FileKey

STATEMENTS = 900
"""About as many as a sweep has when there is something to do."""
SIGNED_UP = datetime(2026, 11, 2, 9, 15, tzinfo=PARIS)
BY = Actor.system("sweep")
OPTIONAL = sorted(key for key, one in KEYS.items() if one.kind is Kind.CONSENT and not one.needs_patient)
YES, NO = {"given", "renewed"}, {"refused", "withdrawn"}
ENDS = {"withdrawn", "stopped", "executed"}


class Clocks(RuleBasedStateMachine):
    """One practice; beside it a model that knows days and nothing of the code."""

    user: User
    met: ClassVar[Counter[str]]

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
            if sys.exc_info()[0] is None:  # else the error says more than a ledger that it left half written
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
        self.met["consent withdrawn"] += self.on[key] and not on
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
        self.met["subscription ended"] += 1

    @rule()
    def request_deletion(self) -> None:
        account = self.account
        if account.instant or account.gone or account.shielded(self.now):
            with pytest.raises(Refused):
                self._ask()
            self.met["deletion asked for twice refused"] += account.waits(self.now)
        else:
            account.asked, account.instant = self.now, self._ask()
            self.met["deletion asked for"] += 1

    def _ask(self) -> datetime:
        """Invariant 5: the instant is on the day it must be, and no later in it than the request was."""
        plan = plan_for_account(self.user.pk, self.now).sha256
        standing = request_deletion(user=self.user, plan_sha256=plan, by=self.me(), now=self.now)
        assert standing.execute_at is not None
        assert day_of(standing.execute_at) == answer_day(day_of(self.now))
        assert standing.execute_at.astimezone(PARIS).time() <= self.now.astimezone(PARIS).time()
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
            self.met["deletion waived"] += 1

    @precondition(lambda self: self.account.asked or self.account.gone)
    @rule()
    def withdraw(self) -> None:
        if self.account.waits(self.now):
            withdraw_deletion(account_id=self.user.pk, by=self.me(), now=self.now)
            self.account.no_request()
            self.met["deletion withdrawn"] += 1
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
            self.met["deletion stopped by a change of factor"] += 1

    @precondition(lambda self: self.account.waits(self.now))
    @rule(days=st.integers(0, 30), act=st.sampled_from(["waive_wait", "withdraw", "change_factor"]))
    def think_again(self, days: int, act: str) -> None:
        """On some day before a deletion; most waits are longer than the one that a request has."""
        assert self.account.instant is not None
        self.now = max(self.now, self.account.instant - timedelta(days=days, minutes=1))
        getattr(self, act)()

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
        with cut_off(after) as fuse, suppress(Crash):
            run_all(by=BY, now=self.now, dry_run=False)
        assert not any(connections[alias].needs_rollback for alias in ("default", "keys"))
        self.met["sweep cut off"] += fuse.blew
        with scope(ALL):
            half = PatientFile.objects.exclude(leaving_at=None).exists()
        self.met[HALF] += half
        self._after_a_sweep()

    def _after_a_sweep(self) -> None:
        """Take over what it made of files and of a request that was due; both have to be lawful."""
        there = self._there()
        for kept in self.files:
            if not kept.gone and kept.file_id not in there:
                assert kept.may_be_gone(self.now), "destroyed before its end"
                kept.gone = True
                self.met["file destroyed at its end"] += 1
                self.met["file destroyed after its holds were lifted"] += bool(kept.lifted)
        last = DeletionEvent.objects.filter(account_id=self.user.pk).order_by("-number").first()
        if last and last.kind == "executed" and not self.account.gone:
            assert self.account.instant is not None
            assert self.account.instant <= self.now
            self.account.gone, self.account.subscribed = True, False
            self.met["deletion executed"] += 1
        elif last and last.kind == "stopped" and self.account.instant:
            assert (last.why, self.account.instant <= self.now) == ("plan", True)
            self.account.no_request()

    def _nothing_due_is_left(self) -> None:
        for kept in self.files:
            assert kept.gone or not kept.must_be_gone(self.now), "still there after its end"
            if kept.gone:
                assert (rows_of(kept.file_id), ring_of(kept.file_id)) == ({}, "dead")
            else:
                in_use = (
                    kept.in_use(self.now) and not self.account.gone
                )  # an account that leaves leaves its files archived
                assert ring_of(kept.file_id) == ("active" if in_use else "archive")
                self.met["file out of daily use"] += not kept.in_use(self.now)
                self.met["file kept past its end by a hold"] += kept.latest() < day_of(self.now)
        assert self.account.gone or self.account.instant is None or self.now < self.account.instant

    # What always holds

    @invariant()
    def no_file_is_gone_but_by_its_end_and_all_of_the_others_is_there(self) -> None:
        """Invariants 1, 2 and, of 15, that the data are as they were."""
        kept = {one.file_id: one for one in self.files if not one.gone}
        assert self._there() == set(kept)
        with scope(ALL):
            signed = Consultation.objects.filter(status=ConsultationStatus.SIGNED)
            visits = {pk: len(one.visits) for pk, one in kept.items()}
            for rows, wanted in (
                (signed, visits),
                (ConsultationVersion.objects, visits),
                (Hold.objects, {pk: one.holds for pk, one in kept.items()}),
                (Hold.objects.filter(lifted_at=None), {pk: len(one.live) for pk, one in kept.items()}),
            ):
                found = Counter(rows.values_list("file_id", flat=True))
                assert {pk: found[pk] for pk in kept} == wanted

    @invariant()
    def what_is_seen_in_daily_work_is_what_is_in_daily_use(self) -> None:
        """Invariant 1: the clock closes a file at its second, swept or not; nobody's files are seen once they left."""
        with working(self.user):
            seen = set(files_for(self.user, self.now).values_list("pk", flat=True))
        wanted = {one.file_id for one in self.there() if one.in_use(self.now)}
        assert seen == (set() if self.account.gone else wanted)

    @invariant()
    def no_optional_processing_without_a_yes_that_stands(self) -> None:
        """Invariants 4 and 15: a grant is there while the last word is yes and nobody leaves; the directory shows no more."""
        stands = not (self.account.gone or self.account.instant)
        key = OPTIONAL[self.now.minute % len(OPTIONAL)]  # one at a time: each is asked for in turn
        assert bool(grants_for([self.user.pk], key, now=self.now)) == (stands and self.on[key])
        listed = published(candidates(self.now).filter(user=self.user), now=self.now)
        assert bool(listed) == (stands and self.on[LISTING])

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
                self.met["proof of a consent gone after its time"] += 1
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
        ends = Counter(self._opened(one) for one in known if one.kind in ENDS)
        asked = [one.request for one in known if one.kind == "requested"]
        assert all(count == 1 for count in ends.values())
        assert len(asked) - len(ends) == bool(self.account.instant and not self.account.gone)
        assert [one.kind for one in known].count("executed") == self.account.gone
        for one in known:
            if one.pk not in stored:
                (ended,) = (end.at for end in known if end.kind in ENDS and self._opened(end) == self._opened(one))
                assert years_after(day_of(ended), 3) < day_of(self.now), "an entry of a request left too early"
                self.met["request gone after its time"] += 1

    def _opened(self, one: DeletionEvent) -> tuple[int, datetime]:
        """Its request, by number and moment: numbers begin again once all rows of earlier requests have left."""
        asked = (asked for asked in self.requests.values() if asked.kind == "requested" and asked.at <= one.at)
        return one.request, max(opening.at for opening in asked if opening.request == one.request)

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
