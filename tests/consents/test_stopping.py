"""A withdrawal stops the future: what waits is dropped, each place is told, and the time from click to done is measured (PC-17)."""

# ruff: noqa: F811
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from adapters import outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.queue import LEASE, MOST_ATTEMPTS
from adapters.boxes.refs import GroundRef
from adapters.outbox import TryLater
from adapters.states import State
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import ALL, current, scope
from consents import stopping
from consents.actions import Control
from consents.models import ConsentEvent, Stop
from consents.patients import decide_by_link
from consents.states import children_of
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.plan import plan_for_account
from privacy.consent_keys import KEYS
from privacy.patient_keys import AI_HELP
from privacy.promises import measure
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.adapters.factories import KIND, SLOT, Receiver, agreeing, queued, receiver, work  # noqa: F401 - a fixture
from tests.consents.factories import NOON, choose, person
from tests.records.factories import NOW, link, make_file

pytestmark = pytest.mark.django_db(databases="__all__")
PARENT = "third_party_integrations"
GOOGLE = f"{PARENT}.google_calendar"
Place = Callable[[Stop], object]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> dict[str, Place]:
    """Two places of the marketing switch, and one of an integration; what each does is set by name."""
    monkeypatch.setattr(stopping, "_places", type(stopping._places)(list))
    does: dict[str, Place] = {}
    for slot, name in ((SLOT, "audience"), (SLOT, "statistics"), (children_of(PARENT)[0], "calendar")):
        stopping.stops(slot, name=name, words=name)(lambda stop, now, name=name: does.get(name, bool)(stop))  # type: ignore[misc]
    return does


def stop_all(now: datetime) -> int:
    """What a worker does that finds the hour to be ``now``."""
    taken = 0
    while row := Stop.claim(now):
        stopping.finish(row, stopping.attempt(row, now=now), now=now)
        taken += 1
    return taken


def withdrawn(slot: str = SLOT) -> Any:
    """A withdrawal at noon; how far it has come, asked again at each call."""
    subject = agreeing(slot)
    key, _dot, child = slot.partition(".")
    event = choose(person(subject), key, False, child=child).event_id
    return lambda: stopping.of_events([event])[event] if event else None


@pytest.mark.parametrize(
    "slot", [key for key, law in KEYS.items() if law.kind in stopping.STOPPABLE and not law.children]
)
def test_what_waits_on_a_switch_is_dropped_in_the_withdrawal_itself(receiver: Receiver, slot: str) -> None:
    subject, other = agreeing(slot), agreeing(slot)
    rows = [
        queued(subject, slot=slot),
        queued(subject, slot=slot, due_at=NOON + timedelta(days=30)),
        queued(other, slot=slot),
    ]
    choose(person(subject), slot, False)
    stop = Stop.objects.get(name="queue")
    found = [
        (row.state, row.problem, row.payload is None)
        for row in Outgoing.objects.filter(pk__in=[r.pk for r in rows]).order_by("pk")
    ]
    assert found == [("dropped", "withdrawn", True)] * 2 + [("waiting", "", False)]
    assert (stop.name, stop.state, stop.dropped, stop.ended_at) == ("queue", State.DONE, 2, NOON)


def test_the_key_above_takes_its_integrations_messages_along(receiver: Receiver) -> None:
    first, second = children_of(PARENT)[:2]
    subject = agreeing(first)
    choose(person(subject), PARENT, child=second.partition(".")[2], now=NOON - timedelta(hours=1))
    one, two = queued(subject, slot=first), queued(subject, slot=second)
    choose(person(subject), PARENT, False, child=second.partition(".")[2])
    states = lambda: dict(Outgoing.objects.values_list("pk", "state"))  # noqa: E731
    assert states() == {one.pk: "waiting", two.pk: "dropped"}
    choose(person(subject), PARENT, False)
    assert states() == {one.pk: "dropped", two.pk: "dropped"}


def test_a_withdrawal_that_is_undone_drops_nothing(receiver: Receiver) -> None:
    row = queued(subject := agreeing())
    with transaction.atomic():
        choose(person(subject), SLOT, False)
        transaction.set_rollback(True)
    row.refresh_from_db()
    assert (row.state, Stop.objects.count()) == (State.WAITING, 0)


def test_ending_the_contract_stops_nothing_elsewhere() -> None:
    by = person()
    for on in (True, False):
        choose(by, "tos_privacy", on)
    assert Stop.objects.count() == 0


def test_refusing_what_was_never_allowed_stops_nothing() -> None:
    choose(person(), SLOT, False)
    assert Stop.objects.count() == 0


def test_each_place_is_told_and_the_time_is_measured(places: dict[str, Place]) -> None:
    told: list[str] = []
    places["audience"] = places["statistics"] = lambda stop: told.append(stop.name)
    stand = withdrawn()
    assert (stand().done, stand().words) == (1, "1 of 3 places stopped; the others come next")
    assert stop_all(NOON + timedelta(seconds=4)) == 2
    assert (sorted(told), stand().words, stop_all(NOON + LEASE * 2)) == (
        ["audience", "statistics"],
        "Stopped everywhere in 4 s",
        0,
    )


def test_a_place_that_fails_is_tried_again_and_the_page_says_when(places: dict[str, Place]) -> None:
    def busy(stop: Stop) -> None:
        raise TryLater("busy", timedelta(minutes=2))

    places["audience"] = busy
    stand = withdrawn()
    stop_all(NOON)
    assert stand().words == "2 of 3 places stopped; the last one is tried again at 12:02"
    places.clear()
    stop_all(NOON + timedelta(minutes=2))
    assert stand().words == "Stopped everywhere in 2 min"


def test_a_place_that_never_answers_is_the_office_s_and_breaks_the_promise(places: dict[str, Place]) -> None:
    places["audience"] = lambda stop: 1 / 0
    stand, moment = withdrawn(), NOON
    for _ in range(MOST_ATTEMPTS):
        stop_all(moment)
        moment += timedelta(hours=2)
    assert stand().words == "2 of 3 places stopped; our team sees to the rest"
    assert Stop.objects.get(name="audience").state == State.FAILED


def test_what_is_allowed_again_meanwhile_isnt_stopped(places: dict[str, Place]) -> None:
    """Somebody withdraws and changes their mind before the worker came: the newer yes isn't undone."""
    told: list[str] = []
    places["audience"] = lambda stop: told.append(stop.name)
    subject = agreeing()
    choose(person(subject), SLOT, False)
    choose(person(subject), SLOT, now=NOON + timedelta(seconds=1))
    stop_all(NOON + timedelta(seconds=2))
    assert (told, set(Stop.objects.exclude(name="queue").values_list("state", "problem"))) == (
        [],
        {("dropped", "given_again")},
    )


def test_a_place_is_told_too_when_the_key_above_goes(places: dict[str, Place]) -> None:
    slot = children_of(PARENT)[0]
    choose(person(agreeing(slot)), PARENT, False)
    assert sorted(Stop.objects.values_list("name", flat=True)) == ["calendar", "queue"]


def test_what_went_off_with_the_key_above_is_stopped_although_that_key_is_allowed_again(
    places: dict[str, Place],
) -> None:
    told: list[str] = []
    places["calendar"] = lambda stop: told.append(stop.slot)
    slot = children_of(PARENT)[0]
    subject = agreeing(slot)
    choose(person(subject), PARENT, False)
    choose(person(subject), PARENT, now=NOON + timedelta(seconds=1))
    stop_all(NOON + timedelta(seconds=2))
    assert (told, Stop.objects.get(name="calendar").state) == ([slot], State.DONE)


@pytest.mark.parametrize("again", [True, False])
def test_a_message_under_way_is_waited_for_unless_its_own_switch_is_allowed_again(
    receiver: Receiver, again: bool
) -> None:
    slot = children_of(PARENT)[0]
    subject = agreeing(slot)
    queued(subject, slot=slot)
    assert Outgoing.claim(NOON)
    choose(person(subject), PARENT, False)
    later = NOON + timedelta(seconds=1)
    choose(person(subject), PARENT, now=later)
    if again:
        choose(person(subject), PARENT, child=slot.partition(".")[2], now=later)
    stop_all(later)
    assert Stop.objects.get(name="queue").state == (State.DONE if again else State.WAITING)


def test_what_is_under_way_at_the_click_counts_until_it_has_ended(receiver: Receiver) -> None:
    subject = agreeing()
    queued(subject)
    held = Outgoing.claim(NOON)
    assert held
    event = choose(person(subject), SLOT, False).event_id
    assert event
    stop_all(NOON)
    assert stopping.of_events([event])[event].done == 0
    outbox.finish(held, outbox.DONE, now=NOON + timedelta(seconds=3))
    stop_all(NOON + timedelta(seconds=11))
    assert stopping.of_events([event])[event].words == "Stopped everywhere in 11 s"


def test_a_place_s_name_is_taken_once_and_a_switch_has_to_exist(places: dict[str, Place]) -> None:
    for slot, name in ((SLOT, "audience"), (SLOT, "queue")):
        with pytest.raises(ValueError, match="taken"):
            stopping.stops(slot, name=name, words="")
    with pytest.raises(LookupError, match="no switch"):
        stopping.stops("third_party_integrations.fax", name="fax", words="")


@pytest.fixture
def practitioner() -> User:
    return make_practitioner()


@pytest.fixture
def own(practitioner: User) -> PortalLink:
    return link(make_file(practitioner), make_patient())


def both_agree(practitioner: User, own: PortalLink) -> GroundRef:
    """Mistral may draft from this patient's file."""
    for child in ("", "mistral"):
        choose(person(practitioner.pk), PARENT, child=child, now=NOW)
    wish(own, True)
    return GroundRef.patient(own.patient_id, AI_HELP, subject_id=practitioner.pk, slot=f"{PARENT}.mistral")


def wish(own: PortalLink, on: bool) -> None:
    by = Actor(account_id=own.account_id, role="patient")
    with scope(ALL):
        decide_by_link(
            link=own, key=AI_HELP, on=on, by=by, language="en", now=NOW, control=Control("button", "none", "Off")
        )


def test_work_on_a_patient_s_file_runs_while_both_agree_and_in_no_scope(
    receiver: Receiver, practitioner: User, own: PortalLink
) -> None:
    """A scope is a transaction, and the door sends with none open: a handler opens its own for what it reads."""
    ref = both_agree(practitioner, own)
    seen: list[str] = []
    receiver.then = lambda row: seen.append(current())
    queued(ground=ref, now=NOW)
    assert (work(NOW), seen) == (1, [""])


@pytest.mark.parametrize("who", ["patient", "practitioner"])
def test_either_one_s_withdrawal_drops_what_rests_on_both(
    receiver: Receiver, practitioner: User, own: PortalLink, who: str
) -> None:
    row = queued(ground=both_agree(practitioner, own), now=NOW)
    if who == "patient":
        wish(own, False)
    else:
        choose(person(practitioner.pk), PARENT, False, child="mistral", now=NOW)
    row.refresh_from_db()
    assert (row.state, work(NOW), receiver.keys) == (State.DROPPED, 0, [])


def test_a_request_to_delete_the_account_stops_what_waits(receiver: Receiver, practitioner: User) -> None:
    """Nothing is written in the ledger then (PC-34), so the worker finds it out."""
    choose(person(practitioner.pk), SLOT, now=NOW)
    row = queued(practitioner.pk, now=NOW)
    with scope(ALL):
        plan = plan_for_account(practitioner.pk, NOW).sha256
        request_deletion(user=practitioner, plan_sha256=plan, by=person(practitioner.pk), now=NOW)
    work(NOW)
    row.refresh_from_db()
    assert (row.state, row.problem, receiver.keys) == (State.DROPPED, "suspended", [])


def test_page_says_how_long_it_took_with_as_many_queries_for_many(places: dict[str, Place]) -> None:
    user, now = make_practitioner(), timezone.now()
    client, counted = verified_client(user), []
    url = reverse("consents:switches")
    for slot in (SLOT, "analytics_product"):
        for on in (True, False):
            choose(person(user.pk), slot, on, now=now - timedelta(seconds=9))
        stop_all(now - timedelta(seconds=5))
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            page = client.get(url).content.decode()
        counted.append(len(captured))
    assert ("Stopped everywhere in 4 s" in page, "Stopped everywhere at once" in page, counted[0]) == (
        True,
        True,
        counted[1],
    )


def kept(now: datetime) -> tuple[bool | None, dict[str, Any]]:
    [result] = measure(now, ["PC-17"])
    return result.kept, dict(result.evidence)


def test_pc_17_holds_and_says_the_times(receiver: Receiver) -> None:
    now = timezone.now()
    before = (Outgoing.objects.count(), ConsentEvent.objects.count())
    by = person()
    choose(by, SLOT, now=now)
    choose(by, SLOT, False, now=now)
    found, figures = kept(now)
    assert found is True, figures
    assert (figures["withdrawals"], figures["seconds_to_stopped_everywhere_longest"]) == (1, 0.0)
    assert (Outgoing.objects.count(), ConsentEvent.objects.count() - 2) == before


def broken_by(cause: str, now: datetime) -> str:
    """Break the fact that one figure of PC-17 is read from; the figure's name."""
    by = person()
    assert by.account_id
    choose(by, SLOT, now=now - timedelta(hours=3))
    row = queued(by.account_id, now=now - timedelta(hours=3))
    if cause == "the worker asks nobody":
        return "sent_after_the_withdrawal_on_trial"
    choose(by, SLOT, False, now=now - timedelta(hours=2))
    undone = {"state": State.WAITING, "ended_at": None}
    if cause == "not dropped":
        Outgoing.objects.filter(pk=row.pk).update(**undone)
        return "waiting_although_withdrawn"
    if cause == "sent all the same":
        Outgoing.objects.filter(pk=row.pk).update(state=State.DONE, claimed_at=now)
        return "sent_after_the_withdrawal"
    if cause == "late":
        Stop.objects.update(**undone)
        return "overdue"
    if cause == "failed":
        Stop.objects.update(state=State.FAILED)
        return "failed"
    Stop.objects.all().delete()
    choose(by, SLOT, now=now)
    choose(by, SLOT, False, now=now)
    Stop.objects.all().delete()
    return "withdrawals_without_rows"


@pytest.mark.parametrize(
    "cause", ["not dropped", "sent all the same", "late", "failed", "no rows", "the worker asks nobody"]
)
def test_pc_17_breaks(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, cause: str) -> None:
    now = timezone.now() + timedelta(minutes=1)
    name = broken_by(cause, now)
    if cause == "the worker asks nobody":
        monkeypatch.setattr(outbox, "minted", lambda ref, now: nullcontext(None))
    found, figures = kept(now)
    assert (found, bool(figures[name])) == (False, True), figures
