"""The office's page of outbox, inbox and stops: figures, what needs somebody first, tried again or given up with a reason."""

# ruff: noqa: F811
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from adapters import inbox
from adapters.boxes.models import Incoming, Outgoing
from adapters.outbox import Undeliverable
from adapters.states import State
from consents.models import Stop
from tests.accounts.factories import WebClient, make_staff, prove, verified_client
from tests.adapters.factories import SLOT, Receiver, agreeing, queued, receiver, work  # noqa: F401 - a fixture
from tests.consents.factories import choose, person

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def client() -> WebClient:
    officer = make_staff()
    client = verified_client(officer)
    prove(client, officer)
    return client


def failed(receiver: Receiver) -> Outgoing:
    def refused(_row: Outgoing) -> None:
        raise Undeliverable("no_such_number")

    receiver.then = refused
    row = queued(now=timezone.now())
    work(timezone.now())
    return row


def decide(client: WebClient, box: str, row_id: UUID, act: str, reason: str = "") -> int:
    return client.post(reverse("admin:queue_message", args=[box, row_id]), {"act": act, "reason": reason}).status_code


def test_page_shows_what_needs_somebody_first_and_never_what_it_says(client: WebClient, receiver: Receiver) -> None:
    row, said = failed(receiver), Outgoing.objects.get().content["id"]
    queued(now=timezone.now() - timedelta(hours=1), due_at=timezone.now() - timedelta(minutes=11))
    page = client.get(reverse("admin:queue"))
    first = page.context["rows"][0][0]
    one = client.get(reverse("admin:queue_message", args=["out", row.pk])).content.decode()
    text = page.content.decode()
    assert (first.pk, page.context["standing"].failed, "1 row is late" in text) == (row.pk, 1, True)
    assert (said in text + one, "no_such_number" in one, SLOT in one) == (False, True, True)


def test_a_failed_message_is_tried_again_or_given_up_with_a_reason(client: WebClient, receiver: Receiver) -> None:
    row = failed(receiver)
    assert decide(client, "out", row.pk, "give_up") == 422
    assert decide(client, "out", row.pk, "try_again") == 302
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.WAITING, 0)
    work(timezone.now())
    assert decide(client, "out", row.pk, "give_up", "The number is wrong.") == 302
    row.refresh_from_db()
    assert (row.state, row.reason, row.payload) == (State.DROPPED, "The number is wrong.", None)


def test_an_event_nobody_knows_is_shown_and_given_up(client: WebClient) -> None:
    now = timezone.now()
    inbox.take(subprocessor="viva", event_id="e", kind="new.thing", body='{"x": "Zyklamen"}', now=now)
    held = Incoming.claim(now)
    assert held
    inbox.finish(held, inbox.attempt(held, now=now), now=now)
    page = client.get(reverse("admin:queue_box", args=["in"]), {"show": "unknown"}).content.decode()
    assert ("new.thing" in page, "Zyklamen" in page) == (True, False)
    assert decide(client, "in", held.pk, "give_up", "We don't use it.") == 302
    assert Incoming.objects.get().state == State.DROPPED


def test_nobody_gives_up_stopping_what_was_withdrawn(client: WebClient, receiver: Receiver) -> None:
    choose(person(agreeing()), SLOT, False)
    Stop.objects.update(state=State.FAILED)
    row = Stop.objects.get()
    page = client.get(reverse("admin:queue_message", args=["stops", row.pk])).content.decode()
    assert ("Messages that were waiting" in page, "Give up" in page, "Try again" in page) == (True, False, True)
    decide(client, "stops", row.pk, "give_up", "No.")
    row.refresh_from_db()
    assert row.state == State.FAILED


def test_boxes_need_as_many_queries_for_three_rows_as_for_one(client: WebClient, receiver: Receiver) -> None:
    counted = []
    for more in (1, 2):
        for _ in range(more):
            queued(now=timezone.now())
        client.get(reverse("admin:queue"))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("admin:queue"))
        counted.append(len(captured))
    assert counted[0] == counted[1]


def test_an_address_that_names_no_box_isnt_there(client: WebClient, receiver: Receiver) -> None:
    row = queued(now=timezone.now())
    for name, arguments in (
        ("queue_box", ["post"]),
        ("queue_message", ["post", row.pk]),
        ("queue_message", ["in", row.pk]),
    ):
        assert client.get(reverse(f"admin:{name}", args=arguments)).status_code == 404
