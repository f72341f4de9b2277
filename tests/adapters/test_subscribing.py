"""A subscription that is paid for: begun when Viva was read to have the money, once, and given back when nothing can begin (PC-33, PC-93)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from adapters import breaker, inbox, outbox
from adapters.boxes.models import Incoming
from adapters.models import Switch
from adapters.viva import tokens
from adapters.viva.models import Payment
from audit.actors import Actor
from audit.models import EventEntry
from fakes.server import Fakes
from lifecycle import subscribing
from lifecycle.actions import subscribe
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.queries import contract_at
from lifecycle.states import Name
from privacy.refusals import Refused
from tests.accounts.factories import verified_client
from tests.adapters.factories import work as send_all
from tests.lifecycle.helpers import IN, make_trial
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NOW = IN[Name.GRACE]
SOON = NOW + timedelta(minutes=2)


@pytest.fixture
def me() -> User:
    return make_trial()


@pytest.fixture(autouse=True)
def _new(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.forget()
    fakes.at(NOW)
    monkeypatch.setattr(outbox, "_send", lambda task: None)


def asked(me: User) -> Payment:
    payment = subscribing.begin(user=me, by=actor_of(me), now=NOW)
    send_all(NOW)
    return Payment.objects.get(pk=payment.pk)


def pay(fakes: Fakes, payment: Payment, *, tell: bool = True) -> None:
    """Somebody pays at Viva, and what it tells is heard."""
    viva = fakes["viva"]
    viva._pay(viva.orders[int(payment.order_code)])
    told = list(viva.notices) if tell else []
    viva.notices.clear()
    for notice in told:
        path = notice.path.removeprefix("/hooks/viva/")
        inbox.receive(inbox.Arrival("viva", path, {"content-type": "application/json"}, notice.body, SOON))
    while row := Incoming.claim(SOON):
        inbox.finish(row, inbox.attempt(row, now=SOON), now=SOON)
    send_all(SOON)


def payments(me: User) -> list[tuple[str, int, str]]:
    """In the order in which they were asked for."""
    return list(Payment.objects.filter(subject_id=me.pk).order_by("pk").values_list("way", "amount", "state"))


def verbs(me: User) -> list[str]:
    found = EventEntry.objects.filter(subject_id=me.pk, verb__startswith="lifecycle.").order_by("pk")
    return [verb.removeprefix("lifecycle.") for verb in found.values_list("verb", flat=True)]


def test_a_payment_that_was_read_begins_the_subscription(fakes: Fakes, me: User) -> None:
    payment = asked(me)
    assert contract_at(me.pk, NOW).name is Name.GRACE
    pay(fakes, payment)
    phase = contract_at(me.pk, SOON)
    assert (phase.name, phase.since, payments(me)) == (Name.SUBSCRIBED, SOON, [("order", 3900, "paid")])
    assert verbs(me) == ["trial_started", "payment_asked", "subscribed"]


def test_viva_learns_the_amount_and_our_reference_and_nothing_of_the_person(fakes: Fakes, me: User) -> None:
    payment = asked(me)
    said = [call.json() for call in fakes["viva"].calls if call.path == "/checkout/v2/orders"]
    assert said == [
        {
            "amount": 3900, "customerTrns": "Subscription to PratiConnect", "merchantTrns": str(payment.pk),
            "customer": {"requestLang": "en-GB"}, "paymentTimeout": 1800, "currencyCode": "978", "allowRecurring": False,
            "disableCash": True,
        }
    ]  # fmt: skip


def test_two_clicks_ask_for_one_payment_and_the_second_has_it_read(fakes: Fakes, me: User) -> None:
    payment = asked(me)
    pay(fakes, payment, tell=False)
    assert contract_at(me.pk, SOON).name is Name.GRACE
    again = subscribing.begin(user=me, by=actor_of(me), now=SOON)
    send_all(SOON)
    assert (again.pk, contract_at(me.pk, SOON).name) == (payment.pk, Name.SUBSCRIBED)


def test_an_order_that_is_over_is_followed_by_a_new_one(me: User) -> None:
    first = asked(me)
    second = subscribing.begin(user=me, by=actor_of(me), now=NOW + subscribing.LASTS)
    assert first.pk != second.pk


def test_a_refused_card_leaves_the_order_open(fakes: Fakes, me: User) -> None:
    payment = asked(me)
    Payment.objects.filter(pk=payment.pk).update(state="failed")
    assert subscribing.begin(user=me, by=actor_of(me), now=SOON).pk == payment.pk


def test_what_is_paid_twice_is_given_back_once(fakes: Fakes, me: User) -> None:
    payment = asked(me)
    subscribe(user=me, by=Actor.operations("tests"), now=NOW)
    pay(fakes, payment)
    assert payments(me) == [("order", 3900, "refunded"), ("refund", 3900, "paid")]
    assert verbs(me) == ["trial_started", "payment_asked", "subscribed", "payment_given_back"]
    pay(fakes, payment)
    assert len(payments(me)) == 2


def test_who_asked_to_leave_meanwhile_has_the_money_back(fakes: Fakes, me: User) -> None:
    payment = asked(me)
    plan = plan_for_account(me.pk, NOW).sha256
    request_deletion(user=me, plan_sha256=plan, by=actor_of(me), now=NOW)
    pay(fakes, payment)
    assert (contract_at(me.pk, SOON).name, payments(me)[1]) == (Name.GRACE, ("refund", 3900, "paid"))


def test_who_is_subscribed_is_asked_for_nothing(me: User, fakes: Fakes) -> None:
    subscribe(user=me, by=actor_of(me), now=NOW)
    with pytest.raises(Refused):
        subscribing.begin(user=me, by=actor_of(me), now=SOON)
    assert (fakes.count, payments(me)) == (0, [])


def test_the_page_leads_to_viva_and_back_to_what_was_paid(fakes: Fakes, me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me, now=NOW)
        page = client.get(reverse("lifecycle:subscription")).content.decode()
        assert "You pay 39.00\N{NO-BREAK SPACE}€ once" in page
        client.post(reverse("lifecycle:subscribe"))
        assert "is being prepared" in client.get(reverse("lifecycle:subscription")).content.decode()
        send_all(NOW)
        payment = Payment.objects.get()
        page = client.get(reverse("lifecycle:subscription")).content.decode()
        assert f'href="{fakes.url}/viva/web/checkout?ref={payment.order_code}"' in page
    pay(fakes, payment)
    with time_machine.travel(SOON, tick=False):
        client = verified_client(me, now=SOON)
        page = client.get(reverse("lifecycle:subscription")).content.decode()
        assert ("Pay at Viva" in page, "End my subscription" in page) == (False, True)
        client.post(reverse("lifecycle:end_subscription"))
        said = client.post(reverse("lifecycle:end_subscription"), follow=True).content.decode()
    assert ("no subscription that could end" in said, contract_at(me.pk, SOON).name) == (True, Name.GRACE)


def test_while_the_way_is_closed_nothing_is_asked_and_the_page_says_how_else(
    fakes: Fakes, me: User, settings: Any
) -> None:
    settings.DEMO = False
    Switch.objects.create(subprocessor="viva", reason="under repair", off_at=NOW)
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me, now=NOW)
        assert "To subscribe, write to" in client.get(reverse("lifecycle:subscription")).content.decode()
        said = client.post(reverse("lifecycle:subscribe"), follow=True).content.decode()
    assert "Nothing was taken: try again later." in said
    assert (fakes.count, payments(me)) == (0, [])


def test_a_page_that_asks_leaves_the_one_try_to_the_call(fakes: Fakes, me: User) -> None:
    for _failure in range(breaker.OPENS_AFTER):
        breaker.failed("viva", NOW)
    rested = NOW + breaker.FIRST_REST
    assert [subscribing.why_closed(at) is None for at in (NOW, rested, rested)] == [False, True, True]
    subscribing.begin(user=me, by=actor_of(me), now=rested)
    send_all(rested)
    assert (payments(me), subscribing.why_closed(rested)) == ([("order", 3900, "ordered")], None)
