"""Payments from the asking to the end: nothing believed that wasn't read, nothing sent twice, nothing taken back by a late event."""

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client

from adapters import inbox, outbox, promises
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.refs import GroundRef
from adapters.grounds import necessary
from adapters.states import State
from adapters.viva import api, tokens, work
from adapters.viva.answers import Letter
from adapters.viva.models import LADDER, Payment
from audit.actors import Actor
from fakes.provider import Notice
from fakes.providers.viva import Transaction
from fakes.server import Fakes
from lifecycle.erasure import rows
from lifecycle.expiring import money
from lifecycle.expiring.forecasts import payments
from privacy.clocks import legal_day
from privacy.ids import new_id
from tests.adapters.calls import NOW
from tests.adapters.factories import agreeing
from tests.adapters.factories import work as send_all
from tests.consents.factories import choose, person

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NEEDED = GroundRef.necessary("subscription_payment")


@pytest.fixture(autouse=True)
def _new(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.forget()
    work._keys.clear()
    monkeypatch.setattr(work, "_followers", defaultdict(list))  # what a payment begins: test_subscribing.py
    fakes.at(NOW)
    monkeypatch.setattr(outbox, "_send", lambda task: None)


def asked(**said: Any) -> Payment:
    values: dict[str, Any] = {"kind": "subscription", "amount": 1000, "subject_id": None, "ground": NEEDED, "now": NOW}
    with transaction.atomic():
        return work.ask(**(values | said))


def ordered(**said: Any) -> Payment:
    row = asked(**said)
    send_all(NOW)
    return fresh(row)


def repair(now: datetime) -> None:
    """Ours alone: other services have repairs of their own."""
    with transaction.atomic():
        outbox.enqueue(kind="repair.viva", payload={}, ground=NEEDED, now=now)


def fresh(row: Payment) -> Payment:
    return Payment.objects.get(pk=row.pk)


def bring(notice: Notice) -> int:
    """What the hook answers to an event."""
    path = notice.path.removeprefix("/hooks/viva/")
    arrival = inbox.Arrival("viva", path, {"content-type": "application/json"}, notice.body, NOW)
    return int(inbox.receive(arrival))


def bring_all(fakes: Fakes) -> None:
    """Bring what Viva told, apply it, and send what follows."""
    for notice in fakes["viva"].notices:
        bring(notice)
    fakes["viva"].notices.clear()
    apply_all()
    send_all(NOW)


def apply_all() -> None:
    while row := Incoming.claim(NOW):
        inbox.finish(row, inbox.attempt(row, now=NOW), now=NOW)


def paid(fakes: Fakes, **said: Any) -> Payment:
    row = ordered(**said)
    fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)])
    bring_all(fakes)
    return fresh(row)


def test_somebody_pays_on_the_page_and_the_payment_is_read(fakes: Fakes, client: Client) -> None:
    row = ordered()
    assert (row.state, row.order_code) == ("ordered", "1272214778972604")
    viva = fakes["viva"]
    viva._pay(viva.orders[int(row.order_code)])
    before = viva.count
    bring_all(fakes)
    row = fresh(row)
    assert (row.state, str(row.transaction_id)) == ("paid", next(iter(viva.transactions)))
    assert {call.path for call in viva.calls[before:]} == {f"/checkout/v2/transactions/{row.transaction_id}"}


def test_a_refused_card_isn_t_the_end_and_a_late_failure_takes_nothing_back(fakes: Fakes) -> None:
    row = ordered()
    order = fakes["viva"].orders[int(row.order_code)]
    fakes["viva"]._fail(order)
    late = fakes["viva"].notices[0]
    bring_all(fakes)
    assert fresh(row).state == "failed"
    fakes["viva"]._pay(order)
    bring_all(fakes)
    again = json.loads(late.body) | {"MessageId": "another"}
    bring(Notice("POST", late.path, {}, json.dumps(again).encode()))
    apply_all()
    send_all(NOW)
    assert fresh(row).state == "paid"


def test_whoever_cancels_has_a_payment_that_is_cancelled(fakes: Fakes) -> None:
    row = ordered()
    fakes["viva"]._cancel(fakes["viva"].orders[int(row.order_code)])
    bring_all(fakes)
    assert fresh(row).state == "cancelled"


def test_a_made_up_event_moves_nothing(fakes: Fakes) -> None:
    row = ordered()
    data = {
        "TransactionId": "0192f000-0000-7000-8000-000000000009",
        "OrderCode": int(row.order_code),
        "StatusId": "F",
        "Amount": 10,
    }
    body = json.dumps({"MessageId": "m", "EventTypeId": 1796, "EventData": data}).encode()
    bring(Notice("POST", fakes["viva"].hook, {}, body))
    apply_all()
    send_all(NOW)
    assert (fresh(row).state, Outgoing.objects.get(kind="viva.read").problem) == ("ordered", "rejected")


@pytest.mark.parametrize("change", [{"amount": 9.99}, {"merchantTrns": "another"}, {"orderCode": 1272214778972699}])
def test_a_transaction_that_isn_t_what_was_asked_settles_nothing(fakes: Fakes, change: dict[str, Any]) -> None:
    row = ordered()
    fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)]).fields = change
    bring_all(fakes)
    problems = set(Outgoing.objects.filter(kind="viva.read").values_list("problem", flat=True))
    assert (fresh(row).state, problems) == ("ordered", {"not_what_was_asked"})


def test_the_same_message_twenty_four_times_is_one_event(fakes: Fakes) -> None:
    row = ordered()
    fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)])
    assert [bring(fakes["viva"].notices[0]) for _ in range(24)] == [1] + [0] * 23


def test_an_event_at_another_address_is_refused_and_one_of_nobody_does_nothing(fakes: Fakes) -> None:
    with pytest.raises(inbox.Unverified):
        bring(Notice("POST", "/hooks/viva/guessed", {}, b"{}"))
    data = {"TransactionId": "0192f000-0000-7000-8000-000000000009", "OrderCode": 1272214778972604}
    body = json.dumps({"MessageId": "m", "EventTypeId": 1796, "EventData": data}).encode()
    bring(Notice("POST", fakes["viva"].hook, {}, body))
    apply_all()
    assert (Incoming.objects.get().state, Outgoing.objects.count(), fakes.count) == (State.DONE, 0, 0)


@pytest.mark.parametrize("event", [8193, 8194, 2054, 768])
def test_events_about_accounts_are_kept_and_said(fakes: Fakes, event: int) -> None:
    bring(Notice("POST", fakes["viva"].hook, {}, json.dumps({"MessageId": "m", "EventTypeId": event}).encode()))
    apply_all()
    assert Incoming.objects.get().state == State.UNKNOWN


def test_viva_asks_whether_an_address_is_ours_and_hears_its_key(fakes: Fakes, client: Client) -> None:
    found = [client.get(fakes["viva"].hook) for _ in range(2)]
    assert [(one.status_code, len(one.json()["Key"])) for one in found] == [(200, 40)] * 2
    assert [call.path for call in fakes["viva"].calls] == ["/api/messages/config/token"]
    work._keys.clear()
    for _attempt in range(2):
        fakes["viva"].fail_next(status=500)
    assert client.get(fakes["viva"].hook).status_code == 503
    assert [client.get(path).status_code for path in ("/hooks/viva/guessed", "/hooks/scell/")] == [404, 405]


def test_a_lost_event_is_repaired_by_reading(fakes: Fakes) -> None:
    row, over = ordered(), ordered()
    fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)])
    fakes["viva"].notices.clear()
    later = NOW + timedelta(minutes=31)
    fakes.at(later)
    repair(later)
    send_all(later)
    assert (fresh(row).state, fresh(over).state) == ("paid", "expired")


def test_money_that_is_owed_outlives_the_account_and_what_was_sent_doesn_t(fakes: Fakes) -> None:
    row = paid(fakes, subject_id=(account := new_id()))
    with transaction.atomic():
        work.give_back(row, amount=300, now=NOW)
    assert set(rows.outgoing(account).values_list("kind", flat=True)) == {"viva.read"}
    send_all(NOW)
    assert set(rows.outgoing(account).values_list("kind", flat=True)) == {"viva.read", "viva.refund"}


def test_money_is_given_back_in_parts_and_never_more_than_was_taken(fakes: Fakes) -> None:
    row = paid(fakes)
    for amount, state in ((300, "partly_refunded"), (700, "refunded")):
        with transaction.atomic():
            work.give_back(fresh(row), amount=amount, now=NOW)
        send_all(NOW)
        assert fresh(row).state == state
    assert fresh(row).given_back == 1000
    with pytest.raises(work.TooMuch), transaction.atomic():
        work.give_back(fresh(row), amount=1, now=NOW)


def test_a_refund_that_waits_counts_already(fakes: Fakes) -> None:
    row = paid(fakes)
    with transaction.atomic():
        work.give_back(row, amount=600, now=NOW)
    with pytest.raises(work.TooMuch), transaction.atomic():
        work.give_back(row, amount=600, now=NOW)


def test_what_was_given_back_at_viva_s_own_pages_is_seen(fakes: Fakes) -> None:
    row = paid(fakes)
    first = fakes["viva"].transactions[str(row.transaction_id)]
    first.given_back, first.letter = 400, "R"
    back = fakes["viva"]._add(type(first)("0192f000-0000-7000-8000-000000000003", first.order, 400, "F", 4, first.id))
    fakes["viva"].tell(1797, back)
    bring_all(fakes)
    assert (fresh(row).state, fresh(row).given_back) == ("partly_refunded", 400)


@pytest.mark.parametrize("trouble", [{"close": True, "after": True}, {"truncate": 5}])
def test_a_refund_whose_answer_got_lost_is_found_and_not_sent_again(fakes: Fakes, trouble: dict[str, Any]) -> None:
    row = paid(fakes)
    with transaction.atomic():
        back = work.give_back(row, amount=300, now=NOW)
    fakes["viva"].fail_next(**trouble)
    send_all(NOW)
    assert fresh(back).state == "begun"
    send_all(NOW + timedelta(minutes=5))
    sent = [call for call in fakes["viva"].calls if call.method == "DELETE"]
    assert (fresh(back).state, fresh(row).state, fresh(row).given_back, len(sent)) == (
        "paid",
        "partly_refunded",
        300,
        1,
    )


@pytest.mark.parametrize(("letter", "state", "left"), [("E", "failed", 1000), ("A", "begun", 700)])
def test_a_refund_that_viva_didn_t_make_is_no_money_given_back(
    fakes: Fakes, letter: str, state: str, left: int
) -> None:
    row = paid(fakes)
    with transaction.atomic():
        back = work.give_back(row, amount=300, now=NOW)
    said = {
        "TransactionId": str(row.pk),
        "StatusId": letter,
        "Amount": 3.0,
        "CurrencyCode": "978",
        "ErrorCode": 0,
        "Success": True,
    }
    fakes["viva"].fail_next(status=200, body=said)
    send_all(NOW)
    assert (fresh(back).state, fresh(back).transaction_id, fresh(row).state) == (state, None, "paid")
    with pytest.raises(work.TooMuch), transaction.atomic():
        work.give_back(fresh(row), amount=left + 1, now=NOW)
    with transaction.atomic():
        work.give_back(fresh(row), amount=left, now=NOW)


def test_a_charge_whose_answer_got_lost_waits_for_its_event(fakes: Fakes) -> None:
    row = paid(fakes, recurring=True)
    with transaction.atomic():
        again = work.charge(row, amount=2500, ground=NEEDED, now=NOW)
    fakes["viva"].fail_next(close=True, after=True)
    send_all(NOW)
    send_all(NOW + timedelta(minutes=5))
    sent = [call for call in fakes["viva"].calls if call.method == "POST" and call.path.startswith("/api/transactions")]
    assert (fresh(again).state, Outgoing.objects.get(kind="viva.charge").problem, len(sent)) == ("begun", "unclear", 1)
    bring_all(fakes)
    assert (fresh(again).state, fresh(again).amount) == ("paid", 2500)


def test_a_charge_that_never_left_is_tried_again(fakes: Fakes) -> None:
    row = paid(fakes, recurring=True)
    with transaction.atomic():
        again = work.charge(row, amount=2500, ground=NEEDED, now=NOW)
    fakes["viva"].fail_next(status=429, headers={"Retry-After": "60"})
    send_all(NOW)
    assert fresh(again).state == "asked"
    send_all(NOW + timedelta(minutes=5))
    assert fresh(again).state == "paid"


@pytest.mark.parametrize("letter", list(Letter))
def test_every_letter_leads_somewhere_and_never_back(fakes: Fakes, letter: Letter) -> None:
    row = ordered()
    fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)]).letter = letter.value
    bring_all(fakes)
    expected = {"R": "partly_refunded"}.get(letter.value, work.STATES[letter])
    assert fresh(row).state == expected
    back = [state for state in LADDER[: LADDER.index(expected) + 1] if (state, expected) != ("failed", "pending")]
    assert not any(work.advance(row, state, NOW) for state in back)


def card(fakes: Fakes, row: Payment, letter: str) -> Transaction:
    """A card that somebody tried at Viva's page, told of; it neither pays the order nor ends it."""
    order = fakes["viva"].orders[int(row.order_code)]
    tried = fakes["viva"]._add(Transaction(str(new_id()), order, order.said["amount"], letter))
    fakes["viva"].tell(1796, tried)
    bring_all(fakes)
    return tried


def test_a_card_that_waited_and_was_refused_leaves_the_page_open_and_the_next_pays(fakes: Fakes) -> None:
    row = ordered()
    first = card(fakes, row, "A")
    assert (fresh(row).state, fresh(row).transaction_id) == ("pending", None)
    first.letter = "E"
    fakes["viva"].tell(1798, first)
    bring_all(fakes)
    assert fresh(row).state == "failed"
    second = fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)])
    bring_all(fakes)
    assert (fresh(row).state, str(fresh(row).transaction_id)) == ("paid", second.id)
    with transaction.atomic():
        back = work.give_back(fresh(row), amount=1000, now=NOW)
    send_all(NOW)
    assert (fresh(back).state, fresh(row).state, second.given_back) == ("paid", "refunded", 1000)


def test_a_refusal_that_is_told_late_doesn_t_hide_that_another_card_waits(fakes: Fakes) -> None:
    row = ordered()
    first = card(fakes, row, "E")
    card(fakes, row, "A")
    fakes["viva"].tell(1798, first)
    bring_all(fakes)
    assert fresh(row).state == "pending"


def test_a_second_card_whose_event_was_lost_is_found_by_the_order(fakes: Fakes) -> None:
    row = ordered()
    first = card(fakes, row, "A")
    Payment.objects.filter(pk=row.pk).update(transaction_id=first.id)  # as it was noted before
    first.letter = "E"
    second = fakes["viva"]._pay(fakes["viva"].orders[int(row.order_code)])
    fakes["viva"].notices.clear()
    later = NOW + timedelta(minutes=31)
    fakes.at(later)
    repair(later)
    send_all(later)
    assert (fresh(row).state, str(fresh(row).transaction_id)) == ("paid", second.id)


def test_what_never_moves_is_read_for_a_week_and_starves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {"way": "order", "kind": "patient", "amount": 50, "state": "pending"}
    ages = [timedelta(days=8), timedelta(days=2), timedelta(hours=1)]
    rows = [Payment.objects.create(order_code=f"{n:016}", asked_at=NOW - age, changed_at=NOW - age, **said) for n, age in enumerate(ages)]  # fmt: skip
    read = []
    for at_once in (1, 3):
        monkeypatch.setattr(work, "AT_ONCE", at_once)
        with transaction.atomic():
            work.repair(Outgoing(), necessary("subscription_payment"), NOW)
        read.append([UUID(one.content["payment"]) for one in Outgoing.objects.filter(kind="viva.read").order_by("pk")])
    assert read == [[rows[2].pk], [rows[2].pk, rows[1].pk]]


def test_a_payment_that_waits_for_days_is_counted() -> None:
    Payment.objects.create(way="order", kind="patient", amount=50, state="pending", asked_at=NOW, changed_at=NOW)
    soon, late = (promises.payments_are_what_viva_says(NOW + timedelta(days=3, seconds=n)) for n in (-1, 1))
    assert (soon.kept, late.kept, late.figures["waiting_for_three_days"]) == (True, False, 1)


def test_withdrawn_before_it_is_sent_nothing_leaves(fakes: Fakes) -> None:
    slot = "third_party_integrations.viva"
    account = agreeing(slot)
    row = asked(
        kind="patient", subject_id=account, ground=GroundRef.consent(account, "third_party_integrations", "viva")
    )
    choose(person(account), "third_party_integrations", False, child="viva", now=NOW)
    send_all(NOW)
    assert (fakes.count, fresh(row).state, Outgoing.objects.get(kind="viva.order").state) == (0, "asked", State.DROPPED)


def test_the_promise_turns_false_when_something_is_unclear_or_silent(fakes: Fakes) -> None:
    row = paid(fakes)
    assert promises.payments_are_what_viva_says(NOW).kept
    Payment.objects.create(way="order", kind="patient", amount=50, state="ordered", asked_at=NOW, changed_at=NOW)
    tomorrow = NOW + timedelta(days=1, seconds=1)
    silent = promises.payments_are_what_viva_says(tomorrow)
    Payment.objects.filter(state="ordered").delete()
    Payment.objects.create(
        way="refund", kind="patient", amount=50, state="begun", parent=row, asked_at=NOW, changed_at=NOW
    )
    unclear = promises.payments_are_what_viva_says(tomorrow)
    Payment.objects.filter(state="begun").update(state="paid", amount=1001, transaction_id=row.pk)
    more = promises.payments_are_what_viva_says(tomorrow)
    assert [
        (silent.kept, silent.figures["silent_for_a_day"]), (unclear.kept, unclear.figures["unclear_for_a_day"]),
        (more.kept, more.figures["given_back_more_than_taken"]),
    ] == [(False, 1)] * 3  # fmt: skip


def test_payments_leave_ten_years_after_their_year(fakes: Fakes) -> None:
    row = paid(fakes)
    Payment.objects.create(way="refund", kind="patient", amount=5, parent=row, asked_at=NOW, changed_at=NOW)
    eve, day = NOW.replace(year=2036, month=12, day=31), NOW.replace(year=2037, month=1, day=1)
    assert money.past(legal_day(eve)).count() == 0
    done = money.sweep(by=Actor.system("sweep"), now=day, dry_run=False)[money.NAME]
    assert (done.due, done.done, Payment.objects.count()) == (2, 2, 0)


def test_an_order_stays_as_long_as_the_last_of_its_charges_and_refunds(fakes: Fakes) -> None:
    row, by = paid(fakes), Actor.system("sweep")
    said = {"kind": "subscription", "amount": 5, "changed_at": NOW}
    charge = Payment.objects.create(way="charge", parent=row, asked_at=NOW.replace(year=2027), **said)
    Payment.objects.create(way="refund", parent=charge, asked_at=NOW.replace(year=2028), **said)
    leaving = [(one.month.isoformat(), one.count) for one in payments(legal_day(NOW), date(2060, 1, 1))]
    early = money.sweep(by=by, now=NOW.replace(year=2038, month=12, day=31), dry_run=False)[money.NAME]
    late = money.sweep(by=by, now=NOW.replace(year=2039, month=1, day=2), dry_run=False)[money.NAME]
    assert (leaving, early.due, late.due, late.done) == ([("2039-01-01", 3)], 0, 3, 3)


def test_an_account_s_address_to_pay_at_is_that_of_its_order(fakes: Fakes) -> None:
    row = ordered()
    assert api.checkout_address(row.order_code).endswith(row.order_code)
