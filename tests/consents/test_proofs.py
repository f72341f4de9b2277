"""Proofs leave five years after the consent ended, never earlier, and no switch changes by it (PC-13, PC-51)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.actors import Actor
from audit.models import ExpiredRows
from audit.rows import numbers_of
from audit.verification import verify
from consents import proofs, queries
from consents.forecasts import proofs as forecast
from consents.models import ConsentEvent
from consents.states import ended_at
from privacy.clocks import Period, legal_day
from privacy.ids import new_id
from privacy.refusals import Refused
from privacy.schedule import SHIPPED, Schedule, in_force, supposing
from tests.consents.factories import NOON, choose, person

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
BY = Actor.system("sweep")
PARENT, CHILD = "third_party_integrations", "google"
WITHDRAWN = datetime(2027, 3, 14, 23, 30, tzinfo=UTC)  # the 15th in Paris
LAST = datetime(2032, 3, 15, 22, 59, 59, tzinfo=UTC)
GONE = datetime(2032, 3, 15, 23, 0, tzinfo=UTC)


def held(subject_id: UUID | None) -> list[int]:
    found = ConsentEvent.objects.filter(subject_id=subject_id).order_by("number")
    return list(found.values_list("number", flat=True))


def on(subject_id: UUID, now: datetime) -> set[str]:
    return {slot for slot, state in queries.states(subject_id, now).items() if state.on}


@pytest.fixture
def by() -> Actor:
    """Somebody who agreed in 2026 and withdrew on 15 March 2027."""
    somebody = person()
    choose(somebody, "marketing_emails")
    choose(somebody, "marketing_emails", on=False, now=WITHDRAWN)
    return somebody


def test_withdrawn_consent_and_its_withdrawal_leave_together_to_the_second(by: Actor) -> None:
    assert proofs.expire(by=BY, now=LAST, closed={}).rows == []
    assert held(by.account_id) == [1, 2]
    found = proofs.expire(by=BY, now=GONE, closed={})
    assert (len(found.rows), found.since, held(by.account_id)) == (2, date(2032, 3, 16), [])
    assert [(row.rule, row.rows) for row in ExpiredRows.objects.all()] == [("PC-51", 2)]
    assert verify().findings == []


def test_second_sweep_finds_nothing(by: Actor) -> None:
    proofs.expire(by=BY, now=GONE, closed={})
    assert proofs.expire(by=BY, now=GONE, closed={}).rows == []


def test_living_consent_stays_however_old() -> None:
    somebody = person()
    choose(somebody, "marketing_emails")
    assert proofs.expire(by=BY, now=NOON + timedelta(days=9000), closed={}).rows == []
    assert held(somebody.account_id) == [1]


def test_refusal_ends_at_its_own_moment() -> None:
    somebody = person()
    choose(somebody, "marketing_emails", on=False)
    assert proofs.expire(by=BY, now=datetime(2031, 11, 18, 22, 59, tzinfo=UTC), closed={}).rows == []
    assert len(proofs.expire(by=BY, now=datetime(2031, 11, 18, 23, 0, tzinfo=UTC), closed={}).rows) == 1


def test_closing_of_the_account_ends_what_still_held(by: Actor) -> None:
    choose(by, "analytics_product")
    assert by.account_id
    closed = {by.account_id: datetime(2028, 1, 31, 12, 0, tzinfo=UTC)}
    assert len(proofs.due(datetime(2033, 1, 31, 22, 0, tzinfo=UTC), closed).rows) == 2
    proofs.expire(by=BY, now=datetime(2033, 1, 31, 23, 0, tzinfo=UTC), closed=closed)
    assert held(by.account_id) == []


def test_parents_yes_stays_while_a_childs_rests_on_it() -> None:
    """Given, child given, parent renewed: without the first entry the child would have been given under nothing."""
    somebody = person()
    assert somebody.account_id
    choose(somebody, PARENT)
    choose(somebody, PARENT, child=CHILD, now=NOON + timedelta(days=1))
    entries = queries.facts(somebody.account_id, NOON + timedelta(days=1))
    renewed = [*entries, type(entries[0])(3, PARENT, "", queries.Action.RENEWED, NOON + timedelta(days=2), 2)]
    assert proofs.needed_among(renewed, [1]) == {1}
    assert proofs.needed_among(renewed, []) == set()


def test_a_longer_schedule_keeps_proofs_longer_and_a_shorter_one_not_shorter(
    by: Actor,
) -> None:
    def having(years: int) -> Schedule:
        rule = replace(SHIPPED.rules["PC-51"], length=Period(years=years))
        return replace(in_force(), rules={**SHIPPED.rules, "PC-51": rule})

    with supposing(having(7)):
        assert proofs.due(GONE, {}).rows == []
        assert len(proofs.due(GONE + timedelta(days=731), {}).rows) == 2
    with supposing(having(1)):
        assert proofs.due(LAST, {}).rows == []


def test_forecast_says_the_same(by: Actor) -> None:
    leaving = {line.month: line.count for line in forecast(date(2027, 4, 1), date(2032, 3, 16))}
    assert leaving == {date(2032, 3, 1): 2}
    assert list(forecast(date(2027, 4, 1), date(2032, 3, 15))) == []


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


SLOTS = [("marketing_emails", ""), (PARENT, ""), (PARENT, CHILD), (PARENT, "livekit")]
acts = st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 1400))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=st.lists(acts, min_size=1, max_size=12), sweeps=st.lists(st.integers(1, 4000), min_size=1, max_size=4))
def test_exactly_what_is_past_its_term_leaves_and_no_switch_moves(
    told: list[tuple[int, bool, int]], sweeps: list[int]
) -> None:
    with taken_back():
        somebody, now = Actor(account_id=new_id(), role="practitioner"), NOON
        assert somebody.account_id
        for slot, wanted, days in told:
            now += timedelta(days=days)
            key, child = SLOTS[slot]
            with suppress(Refused):
                choose(somebody, key, wanted, child=child, now=now)
        everything = queries.facts(somebody.account_id, now)
        seqs = numbers_of("consents_consentevent", "subject_id", [somebody.account_id])
        assert len(seqs) == len(everything)
        for days in sweeps:
            now += timedelta(days=days)
            before = on(somebody.account_id, now)
            proofs.expire(by=BY, now=now, closed={})
            assert on(somebody.account_id, now) == before
        gone = {fact.number for fact in everything} - set(held(somebody.account_id))
        past = {
            fact.number
            for fact in everything
            if (end := ended_at(everything, fact.number)) and queries.last_day_of_proof(end) < legal_day(now)
        }
        assert gone <= past
        kept = past - gone
        assert proofs.needed_among([fact for fact in everything if fact.number not in gone], kept) == kept
        assert verify().findings == []
