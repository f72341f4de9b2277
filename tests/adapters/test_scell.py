"""Scell.io's operations against the stand-in: what is asked, which level is believed, what goes wrong."""

import base64
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from adapters.content import Name
from adapters.door import Broken, Busy, Closed, Fault, Rejected
from adapters.grounds import Ground, NoGround, necessary
from adapters.reading import Misunderstood
from adapters.scell import answers, api
from adapters.scell.answers import InvoiceState, Level, SignatureState
from fakes.server import Fakes
from privacy.ids import new_id
from tests.adapters.calls import NOW

pytestmark = pytest.mark.django_db
OURS = UUID("0192f000-0000-7000-8000-000000000002")
PDF = b"%PDF-1.7 a contract"


@pytest.fixture(autouse=True)
def _at_noon(fakes: Fakes) -> None:
    fakes.at(NOW)


def law() -> Ground:
    return necessary("e_invoice", subject_id=new_id())


def invoiced(key: str = "k1", **said: Any) -> answers.Invoice:
    seller = api.Party("PratiConnect SAS", "1 rue Haute", "75001", "Paris", siret="12345678901234")
    values: dict[str, Any] = {
        "id": OURS, "number": "F-2026-1", "issued_on": date(2026, 11, 23), "seller": seller,
        "buyer": api.Party("Ada Lovelace", "2 rue Basse", "69001", "Lyon"),
        "lines": [api.Line(Name("Subscription"), 3333, 3), api.Line(Name("Setup"), 5, rate=Decimal("5.5"))],
    }  # fmt: skip
    return api.create_invoice(api.NewInvoice(**(values | said)), key=key, ground=law(), now=NOW)


def signing(key: str = "k2", **said: Any) -> answers.Signature:
    signer = api.NewSigner("Ada", "Lovelace", email="ada@example.org")
    values: dict[str, Any] = {
        "id": OURS,
        "title": Name("Contract"),
        "file_name": Name("contract.pdf"),
        "document": PDF,
        "signers": [signer],
    }
    return api.create_signature(api.NewSignature(**(values | said)), key=key, ground=law(), now=NOW)


def test_an_invoice_is_asked_for_as_factur_x_with_totals_that_add_up(fakes: Fakes) -> None:
    made = invoiced()
    call = fakes["scell"].calls[-1]
    body = call.json()
    assert (call.path, call.headers["x-api-key"], call.headers["idempotency-key"]) == (
        "/api/v1/invoices", "stand-in-scell_api_key", "k1",
    )  # fmt: skip
    assert (body["output_format"], body["buyer_is_individual"], "buyer_siret" in body) == ("facturx", True, False)
    assert (body["total_ht"], body["total_tax"], body["total_ttc"]) == (100.04, 20.0, 120.04)
    assert (made.state, made.total, made.external_id, made.sandbox) == (InvoiceState.DRAFT, 12004, str(OURS), True)
    assert api.invoice(made.id, ground=law(), now=NOW) == made
    assert api.invoice_file(made.id, ground=law(), now=NOW).startswith(b"%PDF-1.7 Factur-X")


def test_a_company_is_named_by_its_number_and_nothing_is_asked_twice(fakes: Fakes) -> None:
    buyer = api.Party("Cabinet Haut", "2 rue Basse", "69001", "Lyon", siret="98765432109876")
    first, second = invoiced(buyer=buyer), invoiced(buyer=buyer)
    assert (first, fakes["scell"].calls[0].json()["buyer_siret"], len(fakes["scell"].invoices)) == (
        second, "98765432109876", 1,
    )  # fmt: skip
    with pytest.raises(Rejected) as raised:
        invoiced(number="F-2026-2")
    assert (raised.value.status, raised.value.code) == (409, "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize("trouble", [{"close": True, "after": True}, {"status": 502}, {"truncate": 9}])
def test_what_broke_off_is_asked_again_under_the_same_key_and_made_once(fakes: Fakes, trouble: dict[str, Any]) -> None:
    fakes["scell"].fail_next(**trouble)
    signing()
    keys = [one.headers["idempotency-key"] for one in fakes["scell"].calls]
    assert (keys, len(fakes["scell"].signatures)) == (["k2", "k2"], 1)


def test_a_signature_is_asked_for_and_is_simple_unless_they_say_otherwise(fakes: Fakes) -> None:
    made = signing(until=NOW + timedelta(days=7))
    body = fakes["scell"].calls[-1].json()
    assert (base64.b64decode(body["document"]), body["signers"], body["expires_at"]) == (
        PDF, [{"first_name": "Ada", "last_name": "Lovelace", "auth_method": "email", "email": "ada@example.org"}],
        "2026-11-30T09:00:00+00:00",
    )  # fmt: skip
    assert (made.state, made.level, made.level_said) == (SignatureState.WAITING, Level.SIMPLE, "")
    assert (made.signers[0].signing_url.startswith(f"{fakes.url}/scell/sign/"), "sign/" in repr(made)) == (True, False)


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("", Level.SIMPLE),
        ("SES", Level.SIMPLE),
        ("EU-SES", Level.SIMPLE),
        ("AdES", Level.ADVANCED),
        ("QES", Level.QUALIFIED),
    ],
)
def test_the_level_is_theirs_to_say(fakes: Fakes, said: str, level: Level) -> None:
    fakes["scell"].level = said
    made = signing()
    assert (made.level, made.level_said) == (level, said)


def test_only_a_provider_s_own_word_is_ever_more_than_simple() -> None:
    assert [str(words) for words in answers.LEVEL_WORDS.values()] == [
        "Simple electronic signature",
        "Advanced electronic signature, in the provider's word",
        "The provider calls it qualified; we haven't checked its certificate",
    ]


def test_a_level_or_a_state_nobody_documents_is_a_clear_fault(fakes: Fakes) -> None:
    fakes["scell"].level = "platinum"
    with pytest.raises(Misunderstood, match="signature_level"):
        signing()
    made = invoiced()
    fakes["scell"].invoices[made.id].status = "shredded"
    with pytest.raises(Misunderstood, match="status"):
        api.invoice(made.id, ground=law(), now=NOW)


@pytest.mark.parametrize("state", list(InvoiceState))
def test_every_state_of_an_invoice_is_known(fakes: Fakes, state: InvoiceState) -> None:
    made = invoiced()
    fakes["scell"].invoices[made.id].status = state.value
    assert api.invoice(made.id, ground=law(), now=NOW).state is state


@pytest.mark.parametrize("state", list(SignatureState))
def test_every_state_of_a_signature_is_known(fakes: Fakes, state: SignatureState) -> None:
    made = signing()
    fakes["scell"].signatures[made.id].status = state.value
    assert api.signature(made.id, ground=law(), now=NOW).state is state


def test_the_evidence_is_fetched_at_an_address_of_theirs_without_our_key(fakes: Fakes) -> None:
    made = signing()
    one = fakes["scell"].signatures[made.id]
    fakes["scell"].sign(one, one.signers[0])
    for what in ("signed", "audit_trail"):
        assert api.signature_file(made.id, what, ground=law(), now=NOW) == f"%PDF-1.7 {what} {made.id}".encode()
    assert "x-api-key" not in fakes["scell"].calls[-1].headers


def test_a_file_on_a_host_that_nobody_registered_isn_t_fetched(fakes: Fakes) -> None:
    made = signing()
    fakes["scell"].fail_next(status=200, body={"url": "https://files.elsewhere.example/a.pdf"})
    before = fakes.count
    with pytest.raises(Closed):
        api.signature_file(made.id, "signed", ground=law(), now=NOW)
    assert fakes.count == before + 1


def test_what_isn_t_a_pdf_is_no_file(fakes: Fakes) -> None:
    made = invoiced()
    fakes["scell"].fail_next(status=200, body="<html>")
    with pytest.raises(Broken):
        api.invoice_file(made.id, ground=law(), now=NOW)


def test_who_waits_is_reminded_and_what_was_cancelled_is_over(fakes: Fakes) -> None:
    made = signing()
    assert api.remind(made.id, key="k3", ground=law(), now=NOW) == 1
    api.cancel_signature(made.id, key="k4", ground=law(), now=NOW)
    assert api.signature(made.id, ground=law(), now=NOW).state is SignatureState.EXPIRED


def test_an_empty_balance_says_so_and_nothing_is_made(fakes: Fakes) -> None:
    fakes["scell"].balance = 3
    with pytest.raises(api.NoBalance) as raised:
        invoiced()
    assert (raised.value.again, raised.value.outcome, fakes["scell"].invoices) == (True, "no_balance", {})


@pytest.mark.parametrize(
    ("trouble", "fault"),
    [({"status": status, "body": {"message": "no"}}, Rejected) for status in (400, 401, 403, 404, 409, 422)]
    + [({"status": 429, "headers": {"Retry-After": "9"}}, Busy), ({"status": 500}, Broken), ({"truncate": 3}, Broken)],
)
def test_every_error_has_its_kind(fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]) -> None:
    made = invoiced()
    for _attempt in range(2):
        fakes["scell"].fail_next(**trouble)
    with pytest.raises(fault) as raised:
        api.invoice(made.id, ground=law(), now=NOW)
    if isinstance(raised.value, Busy):
        assert raised.value.retry_after == timedelta(seconds=9)


def test_switched_off_or_on_the_wrong_ground_no_packet_leaves(fakes: Fakes, settings: Any) -> None:
    with pytest.raises(NoGround):
        api.invoice("i", ground=necessary("patient_payment"), now=NOW)
    settings.ADAPTERS = settings.ADAPTERS | {"scell": settings.ADAPTERS["scell"] | {"off": True}}
    with pytest.raises(Closed):
        invoiced()
    assert fakes.count == 0


@pytest.mark.parametrize(("key", "sandbox"), [("sk_test_1", True), ("tk_test_1", True), ("sk_live_1", False)])
def test_the_key_says_whether_it_counts(settings: Any, key: str, sandbox: bool) -> None:
    block = settings.ADAPTERS["scell"]
    settings.ADAPTERS = {
        **settings.ADAPTERS,
        "scell": {**block, "credentials": {**block["credentials"], "SCELL_API_KEY": key}},
    }
    assert api.is_sandbox() is sandbox


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: api.Party("A", "1", "2", "3", siret="123"), "fourteen"),
        (lambda: api.NewSigner("A", "B", api.Way.BOTH, email="a@b"), "the code goes to"),
        (lambda: invoiced(lines=[]), "a line"),
        (lambda: signing(signers=[]), "somebody"),
        (lambda: signing(document=b"PK"), "PDF"),
    ],
)
def test_what_could_never_be_right_is_refused_before_anything_leaves(fakes: Fakes, make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
    assert fakes.count == 0
