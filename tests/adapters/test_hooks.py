"""Everybody's events by the table: good, wrong, old, altered, replayed, out of order (issue 5, done when 1; ecosystem 7.3, items 4 and 5)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client

from adapters import inbox
from adapters.boxes.models import Incoming
from adapters.inbox import LARGEST, RAW
from adapters.tasks import apply, send
from fakes.provider import Notice
from fakes.server import Fakes
from tests.adapters.contracts.kinds import House
from tests.adapters.contracts.senders import SENDERS, Sender
from tests.adapters.contracts.stage import as_it_was, remembered, taken_back
from tests.records.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
OLD, FUTURE, WINDOW = NOW - timedelta(minutes=6), NOW + timedelta(minutes=6), timedelta(minutes=5)
OTHER: Final = "whsec_b3RoZXI="


@pytest.fixture
def house(fakes: Fakes, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Somebody who has something open at every service; the clocks stand at noon."""
    settings.VIDEO_RECORDING = True
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    with time_machine.travel(NOW, tick=False):
        yield House(fakes)


def brought(notice: Notice, **headers: str | None) -> int:
    """The status of an event that comes to our address; a header that is None doesn't come with it."""
    said = {name: value for name, value in {**notice.headers, **headers}.items() if value is not None}
    kind = said.pop("Content-Type")
    answer = Client(enforce_csrf_checks=True).generic("POST", notice.path, notice.body, content_type=kind, headers=said)
    return int(answer.status_code)


def came() -> list[tuple[str, str]]:
    return sorted(Incoming.objects.values_list("subprocessor", "state"))


def with_secret(sender: Sender, value: str, patch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """Another secret is in force here; or, where it is the link's own, another word comes with the event."""
    if sender.secret.startswith("X-"):
        return {sender.secret: value or None}
    patch.setitem(configured.ADAPTERS[sender.key]["credentials"], sender.secret, value)
    return {}


def told_at(moment: datetime, sender: Sender, house: House) -> Notice:
    """An event that was signed at another hour than the one it comes at."""
    house.fakes.at(moment)
    try:
        return sender.one(house)
    finally:
        house.fakes.at(NOW)


def altered(notice: Notice) -> Notice:
    """The same, with one sign more in it; what it says is the same to whoever reads JSON."""
    return replace(notice, body=notice.body.replace(b'"', b' "', 1) if notice.body else b" ")


def unproven(sender: Sender, notice: Notice) -> tuple[Notice, dict[str, str | None]]:
    """Without its proof."""
    if sender.proof:
        return notice, dict.fromkeys(sender.proof)
    return replace(notice, path=notice.path.rpartition("/")[0] + "/"), {}


def test_everybody_who_is_listened_to_is_in_the_table() -> None:
    assert {key for key in inbox._hooks if key not in ("test", "bench")} == set(SENDERS)


CASES: Final = {
    "good": (200, 1), "again": (200, 1), "wrong": (401, 0), "no secret set": (401, 0), "unproven": (401, 0), "old": (401, 0),
    "from the future": (401, 0), "altered": (401, 0), "no JSON": (401, 0), "another type": (415, 0), "huge": (413, 0),
}  # fmt: skip
"""What each is answered, and how many events are kept."""
UNSIGNED: Final = {"old": (200, 1), "from the future": (200, 1), "altered": (200, 1)}
"""Where the proof is a shared secret, it says nothing of the moment or the words; so none of these is believed either, see below."""


def answers(sender: Sender, house: House) -> dict[str, tuple[int, int]]:
    """What each case is answered."""
    found: dict[str, tuple[int, int]] = {}
    held = remembered(house.fakes)
    for case in CASES:
        with taken_back(), pytest.MonkeyPatch.context() as patch:
            moment = {"old": OLD, "from the future": FUTURE}.get(case, NOW)
            notice = told_at(moment, sender, house)
            headers: dict[str, str | None] = {}
            Incoming.objects.all().delete()
            if case == "again":
                assert brought(notice) == 200
            elif case in ("wrong", "no secret set"):
                headers = with_secret(sender, OTHER if case == "wrong" else "", patch)
            elif case == "unproven":
                notice, headers = unproven(sender, notice)
            elif case == "altered":
                notice = altered(notice)
            elif case == "no JSON":
                notice = replace(notice, body=b"[1, 2")
            elif case == "another type":
                notice, headers = replace(notice, body=notice.body or b" "), {"Content-Type": "text/plain"}
            elif case == "huge":
                notice = replace(notice, body=notice.body + b" " * (LARGEST + 1))
            found[case] = (brought(notice, **headers), Incoming.objects.count())
        as_it_was(house.fakes, held)
    return found


def test_an_event_has_to_prove_its_sender_and_is_kept_once(house: House) -> None:
    found, wanted = {}, {}
    for key, sender in SENDERS.items():
        unread = {"no JSON": (200, 1) if key == "google" else (400, 0)}  # Google says everything in headers
        wanted[key] = CASES | ({} if sender.signs else UNSIGNED | unread)
        found[key] = answers(sender, house)
    assert found == wanted


def work_off() -> None:
    """What the workers do, until nothing is left to do now."""
    for _round in range(3):
        apply()
        send()


def test_events_in_any_order_and_any_number_end_the_same(house: House) -> None:
    """In order, backwards, each twice; and as somebody alters them where a secret alone proves them: what counts is read there.

    Whatever follows is a worker's: the answer changes nothing, and asks nobody.
    """
    held, ends = remembered(house.fakes), {}
    for key, sender in SENDERS.items():
        for order in ("forwards", "backwards", "twice"):
            with taken_back():
                notices, before = list(sender.story(house)), sender.stands(house)
                house.fakes[key].notices.clear()
                told = {"forwards": notices, "backwards": notices[::-1], "twice": notices * 2}[order]
                asked = house.fakes.count
                assert [brought(notice) for notice in told[:1]] == [200]
                assert (sender.stands(house), house.fakes.count) == (before, asked)
                work_off()
                for notice in told[1:]:
                    assert brought(notice) == 200
                    work_off()
                assert {state for service, state in came() if service == key} == {"done"}
                ends[key, order] = sender.stands(house)
                assert ends[key, order] != before
            as_it_was(house.fakes, held)
    assert {key: {ends[key, order] for order in ("forwards", "backwards", "twice")} for key in SENDERS} == {
        key: {ends[key, "forwards"]} for key in SENDERS
    }


def test_what_comes_is_kept_raw_for_a_month_and_what_nobody_documents_is_shown(house: House) -> None:
    found = {}
    for key, sender in SENDERS.items():
        if sender.strange:
            with taken_back():
                notice = sender.strange(house)
                assert brought(notice) == 200
                work_off()
                row = Incoming.objects.get(subprocessor=key)
                assert (row.body or "").encode() == notice.body
                found[key] = (row.state, row.problem, row.raw_until - row.received_at)
    assert found == {key: ("unknown", "no_applier", RAW) for key, sender in SENDERS.items() if sender.strange}
