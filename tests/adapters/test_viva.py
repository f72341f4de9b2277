"""Viva's operations against the stand-in: what is asked, what is believed, what goes wrong, and what is never sent twice."""

import json
import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from adapters.door import Broken, Busy, Closed, Fault, Rejected, TimedOut
from adapters.grounds import Ground, NoGround, necessary
from adapters.models import Egress
from adapters.reading import Misunderstood, Said, parsed
from adapters.viva import answers, api, tokens
from adapters.viva.answers import Letter, OrderState
from fakes.server import Fakes
from privacy.ids import new_id
from tests.adapters.calls import NOW

pytestmark = pytest.mark.django_db
PAYMENT = UUID("0192f000-0000-7000-8000-000000000001")


@pytest.fixture(autouse=True)
def _new(fakes: Fakes) -> None:
    tokens.forget()
    fakes.at(NOW)


def payer() -> Ground:
    return necessary("patient_payment", subject_id=new_id())


def ordered(**said: Any) -> str:
    values: dict[str, Any] = {"payment_id": PAYMENT, "kind": "patient", "amount": 1000}
    return api.create_order(api.NewOrder(**(values | said)), ground=payer(), now=NOW)


def paid(fakes: Fakes, **said: Any) -> UUID:
    viva = fakes["viva"]
    return UUID(viva._pay(viva.orders[int(ordered(**said))]).id)


def read(transaction_id: UUID, **said: Any) -> answers.Transaction:
    return api.transaction(transaction_id, ground=payer(), now=NOW, **said)


def test_an_order_is_asked_in_cents_with_a_token_that_is_kept(fakes: Fakes) -> None:
    codes = [ordered(email="ada@example.org", language="en"), ordered()]
    first, second, third = fakes["viva"].calls
    assert [one.host.partition(".")[0] + one.path for one in (first, second, third)] == [
        "accounts/connect/token", "api/checkout/v2/orders", "api/checkout/v2/orders",
    ]  # fmt: skip
    assert first.form() == {"grant_type": "client_credentials"}
    assert second.json() == {
        "amount": 1000, "customerTrns": "Fee of your practitioner", "merchantTrns": str(PAYMENT), "paymentTimeout": 1800,
        "customer": {"requestLang": "en-GB", "email": "ada@example.org"}, "currencyCode": "978", "allowRecurring": False,
        "disableCash": True,
    }  # fmt: skip
    assert (codes, second.headers["authorization"]) == (
        ["1272214778972604", "1272214778972605"],
        third.headers["authorization"],
    )
    assert list(Egress.objects.values_list("categories", flat=True).order_by("pk")) == [
        "",
        "contact,financial",
        "financial",
    ]


def test_a_token_is_asked_anew_before_its_end_and_when_viva_forgot_it(fakes: Fakes) -> None:
    ordered()
    late = NOW + timedelta(minutes=59, seconds=1)
    order = api.NewOrder(payment_id=PAYMENT, kind="subscription", amount=30)
    api.create_order(order, ground=payer(), now=late)
    assert [one.path for one in fakes["viva"].calls].count("/connect/token") == 2
    fakes["viva"].tokens.clear()
    assert len(ordered()) == 16
    fakes["viva"].tokens.clear()
    fakes["viva"].fail_next(status=401, body={})
    fakes["viva"].fail_next(status=401, body={})
    with pytest.raises(Rejected):
        ordered()


def test_an_order_for_a_connected_account_names_it_and_is_read_as_its(fakes: Fakes) -> None:
    transaction = paid(fakes, merchant="m-1")
    call = fakes["viva"].calls[-1]
    assert (call.path, call.query) == ("/checkout/v2/isv/orders", {"merchantId": "m-1"})
    assert read(transaction, merchant="m-1").letter is Letter.FINISHED
    with pytest.raises(Rejected):
        read(transaction)


def test_what_was_a_thousand_cents_comes_back_as_ten_euros_and_is_a_thousand_cents(fakes: Fakes) -> None:
    found = read(paid(fakes, recurring=True))
    assert (found.amount, found.letter, found.order_code, found.reference, found.recurring) == (
        1000, Letter.FINISHED, "1272214778972604", str(PAYMENT), True,
    )  # fmt: skip
    told = json.loads(fakes["viva"].notices[0].body)["EventData"]
    assert (told["Amount"], told["OrderCode"]) == (10.0, 1272214778972604)


@pytest.mark.parametrize(
    ("text", "cents"),
    [("10", 1000), ("10.0", 1000), ("0.1", 10), ("1234.56", 123456), ("1e1", 1000), ("10.001", None), ("-1", None),
     ('"10"', None), ("true", None), ("null", None)],
)  # fmt: skip
def test_an_amount_is_exact_or_refused(text: str, cents: int | None) -> None:
    said = Said("viva", {"amount": parsed(text)})
    if cents is None:
        with pytest.raises(Misunderstood):
            said.cents("amount")
    else:
        assert said.cents("amount") == cents


@pytest.mark.parametrize(
    ("value", "code"),
    [(1272214778972604, "1272214778972604"), ("0272214778972604", "0272214778972604"), (272214778972604, "0272214778972604"),
     ("12", None), (1.2722147789726e15, None), (True, None), (None, None), ("12722147789726040", None)],
)  # fmt: skip
def test_a_code_has_sixteen_digits_or_is_refused(value: Any, code: str | None) -> None:
    said = Said("viva", {"orderCode": value})
    if code is None:
        with pytest.raises(Misunderstood):
            answers.order_code(said)
    else:
        assert answers.order_code(said) == code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("statusId", "Q"),
        ("statusId", ""),
        ("statusId", None),
        ("currencyCode", "840"),
        ("amount", 10.005),
        ("orderCode", "12"),
    ],
)
def test_what_viva_doesn_t_document_is_a_clear_fault(fakes: Fakes, field: str, value: Any) -> None:
    transaction = paid(fakes)
    fakes["viva"].transactions[str(transaction)].fields = {field: value}
    with pytest.raises(Misunderstood) as raised:
        read(transaction)
    assert (raised.value.field, raised.value.again, str(value) in str(raised.value) if value else False) == (
        field,
        False,
        False,
    )


@pytest.mark.parametrize("letter", list(Letter))
def test_every_letter_is_known(fakes: Fakes, letter: Letter) -> None:
    transaction = paid(fakes)
    fakes["viva"].transactions[str(transaction)].letter = letter.value
    assert read(transaction).letter is letter


def test_an_order_is_read_cancelled_and_runs_out(fakes: Fakes) -> None:
    code, other = ordered(), ordered(seconds=60)
    api.cancel_order(code, ground=payer(), now=NOW)
    fakes.at(NOW + timedelta(seconds=60))
    found = [api.order(one, ground=payer(), now=NOW) for one in (code, other)]
    assert [(one.state, one.amount) for one in found] == [(OrderState.CANCELLED, 1000), (OrderState.EXPIRED, 1000)]
    with pytest.raises(Rejected) as raised:
        api.cancel_order(code, ground=payer(), now=NOW)
    assert raised.value.status == 409


def test_a_charge_and_a_refund_use_the_merchant_s_key_and_are_listed(fakes: Fakes) -> None:
    initial = paid(fakes, recurring=True)
    again = api.charge(initial, payment_id=PAYMENT, kind="subscription", amount=2500, ground=payer(), now=NOW)
    back = api.refund(again.id, amount=500, ground=payer(), now=NOW)
    call = fakes["viva"].calls[-1]
    assert (call.method, call.query, call.body) == ("DELETE", {"amount": "500"}, b"")
    assert (again.amount, again.letter, back.amount) == (2500, Letter.FINISHED, 500)
    code = read(again.id).order_code
    listed = api.transactions_of(code, ground=payer(), now=NOW)
    assert [(one.id, one.letter, one.amount, one.parent) for one in listed] == [
        (again.id, Letter.REFUNDED, 2500, None), (back.id, Letter.FINISHED, 500, again.id),
    ]  # fmt: skip
    with pytest.raises(Misunderstood):
        api.refund(again.id, amount=2001, ground=payer(), now=NOW)


@pytest.mark.parametrize("trouble", [{"close": True, "after": True}, {"truncate": 5}, {"status": 500}])
def test_money_is_never_moved_twice_by_itself(fakes: Fakes, trouble: dict[str, Any]) -> None:
    initial = paid(fakes, recurring=True)
    for act in (
        lambda: api.refund(initial, amount=100, ground=payer(), now=NOW),
        lambda: api.charge(initial, payment_id=PAYMENT, kind="patient", amount=100, ground=payer(), now=NOW),
    ):
        before = fakes.count
        fakes["viva"].fail_next(**trouble)
        with pytest.raises(Fault):
            act()
        assert fakes.count == before + 1


@pytest.mark.parametrize(
    ("trouble", "fault"),
    [({"status": status, "body": {"status": status}}, Rejected) for status in (400, 401, 402, 403, 404, 409, 422)]
    + [({"status": 429, "headers": {"Retry-After": "7"}}, Busy), ({"status": 500}, Broken), ({"truncate": 3}, Broken)],
)
def test_every_error_has_its_kind(fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]) -> None:
    code = ordered()
    for _attempt in range(2):
        fakes["viva"].fail_next(**trouble)
    with pytest.raises(fault) as raised:
        api.order(code, ground=payer(), now=NOW)
    if isinstance(raised.value, Busy):
        assert raised.value.retry_after == timedelta(seconds=7)


def test_no_secret_stands_in_an_address_a_log_or_a_print(fakes: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        transaction = paid(fakes)
        fakes["viva"].fail_next(status=403, body={"message": "stand-in-viva_api_key"})
        with pytest.raises(Rejected) as raised:
            api.order(read(transaction).order_code, ground=payer(), now=NOW)
    token = tokens._kept[0]
    said = caplog.text + str(raised.value) + repr(raised.value) + repr(token)
    said += "".join(one.path + json.dumps(dict(one.query)) for one in fakes["viva"].calls)
    assert not [secret for secret in ("stand-in-viva_api_key", "viva_client_secret", token.value) if secret in said]


def test_switched_off_or_on_the_wrong_ground_no_packet_leaves(fakes: Fakes, settings: Any) -> None:
    with pytest.raises(NoGround):
        api.order("1272214778972604", ground=necessary("e_invoice"), now=NOW)
    settings.ADAPTERS = settings.ADAPTERS | {"viva": settings.ADAPTERS["viva"] | {"off": True}}
    with pytest.raises(Closed):
        ordered()
    assert fakes.count == 0


@pytest.mark.parametrize("amount", [29, 0, -5, 10.0, True, Decimal(10)])
def test_an_amount_that_isn_t_whole_cents_is_refused_before_anything_leaves(fakes: Fakes, amount: Any) -> None:
    with pytest.raises(ValueError, match="cents"):
        ordered(amount=amount)
    assert fakes.count == 0


def test_a_payment_waits_on_this_machine_s_page_or_at_viva(fakes: Fakes, settings: Any) -> None:
    assert api.checkout_address("1" * 16) == f"{fakes.url}/viva/web/checkout?ref={'1' * 16}"
    settings.STAND_INS = ""
    assert api.checkout_address("1" * 16) == f"https://www.vivapayments.com/web/checkout?ref={'1' * 16}"


def test_viva_slow_is_timed_out(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    initial = paid(fakes, recurring=True)
    monkeypatch.setattr(api, "ONCE", api.Deadline(seconds=0.2, attempts=1))
    fakes["viva"].fail_next(delay=0.5)
    with pytest.raises(TimedOut) as raised:
        api.refund(initial, amount=100, ground=payer(), now=NOW)
    assert raised.value.sent
