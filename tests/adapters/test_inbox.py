"""The inbox: verified, stored raw, answered fast, applied once, in any order."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import inbox, outbox
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.monotone import earlier, furthest
from adapters.boxes.queue import LEASE
from adapters.boxes.refs import GroundRef
from adapters.boxes.signatures import Arrival, svix
from adapters.inbox import Hook, Said
from adapters.states import State
from privacy.ids import new_id
from tests.adapters import signing
from tests.adapters.signing import OTHER, SECRET
from tests.consents.factories import NOON

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
LADDER = ("created", "pending", "failed", "paid", "refunded")


def read(arrival: Arrival) -> Said:
    said = json.loads(arrival.body)
    return Said(arrival.headers["svix-id"], said["type"])


@pytest.fixture(autouse=True)
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subprocessor of the tests' own, signed as Svix does."""
    monkeypatch.setitem(inbox._hooks, "test", Hook("test", svix(lambda: [SECRET]), read))
    monkeypatch.setattr(outbox, "_send", lambda task: None)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A table of payments, and the applier of ``payment.*`` that moves them forwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table payment (id text primary key, state text not null, applied int not null)"
        )

    def applier(row: Incoming, now: datetime) -> UUID | None:
        said = row.content
        with connection.cursor() as cursor:
            cursor.execute("insert into payment values (%s, 'created', 0) on conflict do nothing", [said["id"]])
            cursor.execute("update payment set applied = applied + 1 where id = %s", [said["id"]])
            cursor.execute(
                "update payment set state = %s where id = %s and state = any(%s)",
                [said["to"], said["id"], list(earlier(LADDER, said["to"]))],
            )
        if said.get("breaks"):
            raise ZeroDivisionError
        return UUID(said["about"]) if "about" in said else None

    monkeypatch.setitem(inbox._appliers, ("test", "payment"), applier)
    yield {}
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists payment")


def payments() -> list[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select id, state, applied from payment order by id")
        return list(cursor.fetchall())


def work(now: datetime) -> int:
    taken = 0
    while row := Incoming.claim(now):
        inbox.finish(row, inbox.attempt(row, now=now), now=now)
        taken += 1
    return taken


def post(
    said: Any, *, event: str = "msg_1", secret: str = SECRET, url: str = "/hooks/test/", **extra: Any
) -> HttpResponse:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = signing.svix(body, timezone.now(), secret, event) | extra.pop("headers", {})
    return Client(enforce_csrf_checks=True).post(
        url, body, **{"content_type": "application/json", **extra}, headers=headers
    )  # type: ignore[no-any-return, arg-type]


def take(said: dict[str, Any], event: str | None = None, now: datetime = NOON) -> bool:
    return inbox.take(
        subprocessor="test", event_id=event or str(new_id()), kind="payment", body=json.dumps(said), now=now
    )


def test_a_signed_event_is_stored_once_raw_and_sealed() -> None:
    said = {"type": "payment", "id": "Zyklamen", "to": "paid"}
    assert [post(said).status_code, post(said).status_code, Incoming.objects.count()] == [200, 200, 1]
    row = Incoming.objects.get()
    assert (row.content, row.event_id, row.kind, row.state) == (said, "msg_1", "payment", State.WAITING)
    assert row.raw_until - row.received_at == timedelta(days=30)
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(row)::text from adapters_incoming as row")
        assert "Zyklamen" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (401, {"secret": OTHER}),
        (401, {"headers": {"svix-id": "msg_2"}}),
        (401, {"headers": {"svix-timestamp": "1"}}),
        (404, {"url": "/hooks/nobody/"}),
        (415, {"content_type": "text/plain"}),
        (400, {"said": b"[1, 2"}),
        (400, {"said": b"[]"}),
        (400, {"said": b'{"type": "caf\xe9"}'}),
        (400, {"said": {"type": ""}}),
        (400, {"said": {"type": "x\0"}}),
        (413, {"said": b"x" * (inbox.LARGEST + 1)}),
    ],
)
def test_what_isnt_right_is_said_and_not_stored(status: int, asked: dict[str, Any]) -> None:
    answer = post(asked.pop("said", {"type": "payment"}), **asked)
    assert (answer.status_code, answer.content[:1] if status != 404 else b"", Incoming.objects.count()) == (
        status,
        b"",
        0,
    )


def test_nobody_gets_at_the_address_by_reading() -> None:
    assert Client().get("/hooks/test/").status_code == 405


def test_an_event_is_applied_once_and_says_whom_it_was_about(ledger: dict[str, str]) -> None:
    about = new_id()
    assert take({"id": "p", "to": "paid", "about": str(about)}, "e1")
    assert not take({"id": "p", "to": "refunded"}, "e1")
    assert (work(NOON), work(NOON + LEASE * 2), payments()) == (1, 0, [("p", "paid", 1)])
    row = Incoming.objects.get()
    assert (row.state, row.subject_id, row.raw_until) == (State.DONE, about, NOON + timedelta(days=7))


def test_an_applier_that_fails_leaves_nothing_and_is_tried_again(ledger: dict[str, str]) -> None:
    take({"id": "p", "to": "paid", "breaks": True})
    work(NOON)
    row = Incoming.objects.get()
    assert (payments(), row.state, row.problem, row.attempts) == ([], State.WAITING, "ZeroDivisionError", 1)


def test_a_worker_that_was_overtaken_undoes_what_it_wrote(ledger: dict[str, str]) -> None:
    """It was slow beyond its lease; another applied the event meanwhile."""
    take({"id": "p", "to": "paid"})
    slow = Incoming.claim(NOON)
    assert slow
    work(NOON + LEASE)
    assert inbox.attempt(slow, now=NOON + LEASE) is None
    assert payments() == [("p", "paid", 1)]


def test_an_event_nobody_knows_is_kept_and_shown() -> None:
    inbox.take(subprocessor="test", event_id="e", kind="new.thing", body="{}", now=NOON)
    work(NOON)
    row = Incoming.objects.get()
    assert (row.state, row.body, row.problem) == (State.UNKNOWN, "{}", "no_applier")


MOVES = st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from(LADDER)), min_size=1, max_size=5, unique=True)


@settings(max_examples=12)
@given(facts=MOVES, data=st.data())
def test_any_order_and_any_repetition_ends_in_the_same_state(facts: list[tuple[str, str]], data: st.DataObject) -> None:
    """Through the inbox: a permutation with duplicates ends where the plain order does."""
    with pytest.MonkeyPatch.context() as patch:
        ends = [_ends(patch, facts), _ends(patch, data.draw(st.permutations([*facts, *data.draw(_some_of(facts))])))]
    assert (
        ends[0] == ends[1] == {name: furthest(LADDER, *(to for one, to in facts if one == name)) for name, _ in facts}
    )


def _some_of(facts: list[tuple[str, str]]) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.sampled_from(facts), max_size=4)


def _ends(patch: pytest.MonkeyPatch, facts: list[tuple[str, str]]) -> dict[str, str]:
    """The states after these events have come in this order; an event that comes again has its id of before."""
    states: dict[str, str] = {}

    def applier(row: Incoming, now: datetime) -> None:
        name, to = row.content["id"], row.content["to"]
        if states.setdefault(name, LADDER[0]) in earlier(LADDER, to):
            states[name] = to

    patch.setitem(inbox._appliers, ("test", "payment"), applier)
    Incoming.objects.all().delete()
    stored = [take({"id": name, "to": to}, f"{name} {to}") for name, to in facts]
    assert sum(stored) == len(set(facts))
    work(NOON)
    return states


@given(said=st.lists(st.sampled_from(LADDER), min_size=1))
def test_a_ladder_only_goes_up(said: list[str]) -> None:
    held = LADDER[0]
    for one in said:
        held = one if held in earlier(LADDER, one) else held
    assert held == furthest(LADDER, LADDER[0], *said)


def test_a_state_that_isnt_on_the_ladder_is_an_error() -> None:
    with pytest.raises(LookupError, match="refunded"):
        earlier(LADDER, "exploded")


def test_repair_asks_once_an_hour_and_takes_what_was_lost(
    monkeypatch: pytest.MonkeyPatch, ledger: dict[str, str]
) -> None:
    """It goes through the outbox, so that it is tried again; what it finds comes by the inbox, once."""
    monkeypatch.setattr(inbox, "_repairs", {})
    monkeypatch.setattr(outbox, "_handlers", {})

    @inbox.repairs("test", GroundRef.necessary("subscription_payment"))
    def ask(row: Outgoing, ground: object, now: datetime) -> None:
        take({"id": "p", "to": "paid"}, "poll:p:paid", now)

    asked = []
    for minutes in (0, 30, 60, 61, 120):
        asked.append(len(inbox.enqueue_repairs(now=NOON + timedelta(minutes=minutes))))
        while minutes != 0 and (row := Outgoing.claim(NOON + timedelta(hours=2))):
            outbox.finish(row, outbox.attempt(row, now=NOON), now=NOON)
    assert (asked, Outgoing.objects.count()) == ([1, 0, 1, 1, 1], 3)  # at 61 it is the row of 60, which is done
    assert (work(NOON + timedelta(hours=2)), payments()) == (1, [("p", "paid", 1)])


def test_two_can_t_listen_or_apply_in_one_place() -> None:
    with pytest.raises(ValueError, match="listen"):
        inbox.register(Hook("test", svix(lambda: [OTHER]), read))
