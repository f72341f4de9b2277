"""Invoices and signatures from the asking to the proof: signed events, states that go forwards, files known by their hash."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from adapters import inbox, outbox, promises
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.refs import GroundRef
from adapters.content import Name
from adapters.scell import api, work
from adapters.scell.models import LADDERS, Dossier, Proof
from adapters.states import State
from fakes.provider import Notice
from fakes.server import Fakes
from privacy.ids import new_id
from tests.adapters import signing
from tests.adapters.calls import NOW
from tests.adapters.factories import agreeing
from tests.adapters.factories import work as send_all
from tests.consents.factories import choose, person

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
LAW = GroundRef.necessary("e_invoice")
PDF = b"%PDF-1.7 a contract"
SECRET = "stand-in-scell_webhook_secret"


@pytest.fixture(autouse=True)
def _new(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.at(NOW)
    monkeypatch.setattr(outbox, "_send", lambda task: None)


def invoiced(ground: GroundRef = LAW, line: str = "Subscription") -> Dossier:
    seller = api.Party("PratiConnect SAS", "1 rue Haute", "75001", "Paris", siret="12345678901234")
    buyer = api.Party("Ada Lovelace", "2 rue Basse", "69001", "Lyon")
    new = api.NewInvoice(
        id=new_id(),
        number="F-1",
        issued_on=date(2026, 11, 23),
        seller=seller,
        buyer=buyer,
        lines=[api.Line(Name(line), 1000)],
    )
    with transaction.atomic():
        return work.ask_invoice(new, subject_id=None, ground=ground, now=NOW)


def signing_asked(fakes: Fakes, ground: GroundRef = LAW) -> Dossier:
    signers = [api.NewSigner(name, "L", email=f"{name}@example.org") for name in ("ada", "eve")]
    new = api.NewSignature(
        id=new_id(), title=Name("Contract"), file_name=Name("contract.pdf"), document=PDF, signers=signers
    )
    with transaction.atomic():
        return work.ask_signature(new, subject_id=None, ground=ground, now=NOW)


def waiting(fakes: Fakes) -> tuple[Dossier, Any]:
    row = signing_asked(fakes)
    send_all(NOW)
    row = fresh(row)
    return row, fakes["scell"].signatures[row.provider_id]


def repair(now: datetime) -> None:
    """Ours alone: other services have repairs of their own."""
    with transaction.atomic():
        outbox.enqueue(kind="repair.scell", payload={}, ground=LAW, now=now)


def fresh(row: Dossier) -> Dossier:
    return Dossier.objects.get(pk=row.pk)


def bring(notice: Notice) -> bool:
    headers = {name.lower(): value for name, value in notice.headers.items()}
    return inbox.receive(inbox.Arrival("scell", "", headers, notice.body, NOW))


def bring_all(fakes: Fakes) -> None:
    for notice in fakes["scell"].notices:
        bring(notice)
    fakes["scell"].notices.clear()
    while row := Incoming.claim(NOW):
        inbox.finish(row, inbox.attempt(row, now=NOW), now=NOW)
    send_all(NOW)


def completed(fakes: Fakes) -> Dossier:
    row, thing = waiting(fakes)
    for signer in thing.signers:
        fakes["scell"].sign(thing, signer)
    bring_all(fakes)
    return fresh(row)


def test_a_signature_is_asked_for_signed_by_each_and_proven(fakes: Fakes) -> None:
    row, thing = waiting(fakes)
    assert (row.state, row.level, row.sandbox, row.level_words) == (
        "waiting_signers", "simple", True, "Simple electronic signature",
    )  # fmt: skip
    fakes["scell"].sign(thing, thing.signers[0])
    bring_all(fakes)
    assert (fresh(row).state, Proof.objects.count()) == ("partially_signed", 1)
    fakes["scell"].sign(thing, thing.signers[1])
    bring_all(fakes)
    found = {one.what: work.opened(one) for one in Proof.objects.filter(dossier_id=row.pk)}
    assert (fresh(row).state, found) == (
        "completed",
        {
            "original": PDF,
            "signed": b"%PDF-1.7 signed " + thing.id.encode(),
            "audit_trail": b"%PDF-1.7 audit_trail " + thing.id.encode(),
        },
    )


def test_a_refusal_and_a_cancelling_are_kept_apart(fakes: Fakes) -> None:
    row, thing = waiting(fakes)
    fakes["scell"].refuse_to_sign(thing, thing.signers[0])
    bring_all(fakes)
    assert fresh(row).state == "refused"


def test_the_level_is_the_provider_s_word_and_the_database_wants_it(fakes: Fakes) -> None:
    fakes["scell"].level = "QES"
    row, _thing = waiting(fakes)
    assert (row.level, row.level_said, "haven't checked" in row.level_words) == ("qualified", "QES", True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.filter(pk=row.pk).update(level_said="")


def test_a_proof_can_t_be_changed_and_one_that_was_is_found_out(fakes: Fakes) -> None:
    completed(fakes)
    proof = Proof.objects.get(what="signed")
    for change in ("update adapters_proof set size = 1", "delete from adapters_proof"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    with connection.cursor() as cursor:
        cursor.execute("select content from adapters_proof where what = 'signed'")
        (stored,) = cursor.fetchone()
    assert stored.startswith("sealed1.")
    proof.sha256 = "0" * 64
    with pytest.raises(work.Altered):
        work.opened(proof)


def test_an_invoice_goes_its_way_and_never_back(fakes: Fakes) -> None:
    row = invoiced()
    send_all(NOW)
    thing = fakes["scell"].invoices[fresh(row).provider_id]
    seen = []
    for state in ("validated", "transmitted", "accepted"):
        fakes["scell"].move(thing, state)
        bring_all(fakes)
        seen.append(fresh(row).state)
    fakes["scell"].move(thing, "validated")
    bring_all(fakes)
    assert (seen, fresh(row).state) == (["validated", "transmitted", "accepted"], "accepted")


@pytest.mark.parametrize("kind", LADDERS)
def test_every_state_they_have_is_a_rung(kind: str) -> None:
    from adapters.scell.answers import InvoiceState, SignatureState

    states = {"invoice": InvoiceState, "signature": SignatureState}[kind]
    assert sorted(LADDERS[kind]) == sorted(["asked", *(one.value for one in states)])


def test_a_lost_event_is_repaired_by_reading_and_the_proof_comes_with_it(fakes: Fakes) -> None:
    row, thing = waiting(fakes)
    for signer in thing.signers:
        fakes["scell"].sign(thing, signer)
    fakes["scell"].notices.clear()
    later = NOW + timedelta(minutes=31)
    repair(later)
    send_all(later)
    assert (fresh(row).state, Proof.objects.count()) == ("completed", 3)


def test_a_proof_that_couldn_t_be_fetched_comes_with_the_next_round(fakes: Fakes) -> None:
    row, thing = waiting(fakes)
    for signer in thing.signers:
        fakes["scell"].sign(thing, signer)
    links, fakes["scell"].links = fakes["scell"].links, {}
    row_read = Dossier.objects.filter(pk=row.pk)
    work.advance(row, "completed", NOW)
    assert [one.pk for one in work.unproven_signatures()] == [row.pk]
    before = promises.signatures_are_proven(NOW + timedelta(days=2))
    repair(NOW + timedelta(hours=1))
    send_all(NOW + timedelta(hours=1))
    after = promises.signatures_are_proven(NOW + timedelta(days=2))
    assert (before.kept, after.kept, after.figures["files_opened"], row_read.get().state, links) == (
        False,
        True,
        3,
        "completed",
        {},
    )


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (lambda body: signing.timestamped(body, NOW, SECRET), "ok"),
        (lambda body: signing.timestamped(body + b" ", NOW, SECRET), "wrong"),
        (lambda body: signing.timestamped(body, NOW, "whsec_another"), "wrong"),
        (lambda body: signing.bare(body, NOW, SECRET), "wrong"),
        (lambda body: signing.timestamped(body, NOW - timedelta(seconds=301), SECRET), "old"),
        (lambda body: signing.timestamped(body, NOW + timedelta(seconds=301), SECRET), "future"),
        (lambda body: signing.timestamped(body, NOW - timedelta(seconds=300), SECRET), "ok"),
        (lambda body: {}, "unsigned"),
    ],
)
def test_an_event_proves_its_sender_over_moment_and_body(fakes: Fakes, said: Any, code: str) -> None:
    body = json.dumps({"event": "signature.signed", "delivery_id": "d", "data": {"id": "x"}}).encode()
    try:
        result = "ok" if bring(Notice("POST", "", said(body), body)) else "known"
    except inbox.Unverified as refused:
        result = refused.code
    assert (result, Incoming.objects.count()) == (code, int(code == "ok"))


def test_the_same_delivery_twice_is_one_event_and_news_of_nobody_does_nothing(fakes: Fakes) -> None:
    body = json.dumps({"event": "signature.signed", "delivery_id": "d", "data": {"id": "x"}}).encode()
    notice = Notice("POST", "", signing.timestamped(body, NOW, SECRET), body)
    assert [bring(notice), bring(notice)] == [True, False]
    bring_all(fakes)
    assert (Incoming.objects.get().state, Outgoing.objects.count(), fakes.count) == (State.DONE, 0, 0)


def test_news_of_the_balance_is_kept_and_said(fakes: Fakes) -> None:
    body = json.dumps({"event": "balance.low", "timestamp": "t", "data": {"balance": 1}}).encode()
    bring(Notice("POST", "", signing.timestamped(body, NOW, SECRET), body))
    bring_all(fakes)
    assert Incoming.objects.get().state == State.UNKNOWN


def test_an_empty_balance_is_tried_again_and_made_once(fakes: Fakes) -> None:
    fakes["scell"].balance = 0
    row = invoiced()
    send_all(NOW)
    assert (fresh(row).state, Outgoing.objects.get().problem) == ("asked", "no_balance")
    fakes["scell"].balance = 100
    send_all(NOW + timedelta(minutes=1))
    assert (fresh(row).state, len(fakes["scell"].invoices)) == ("draft", 1)


def test_an_event_that_overtakes_the_answer_finds_its_dossier(fakes: Fakes) -> None:
    row = invoiced()
    for _attempt in range(2):
        fakes["scell"].fail_next(close=True, after=True)
    send_all(NOW)
    thing = next(iter(fakes["scell"].invoices.values()))
    fakes["scell"].move(thing, "validated")
    bring_all(fakes)
    assert (fresh(row).state, fresh(row).provider_id) == ("validated", thing.id)
    send_all(NOW + timedelta(minutes=1))
    assert (fresh(row).state, len(fakes["scell"].invoices)) == ("validated", 1)


def test_a_creation_isn_t_tried_again_when_its_key_may_be_forgotten(fakes: Fakes) -> None:
    row = invoiced()
    for _attempt in range(2):
        fakes["scell"].fail_next(close=True, after=True)
    send_all(NOW)
    send_all(NOW + timedelta(hours=24))
    assert (fresh(row).state, Outgoing.objects.get().problem, len(fakes["scell"].invoices)) == ("asked", "unclear", 1)


@pytest.mark.parametrize("what", ["invoice", "signature"])
def test_withdrawn_before_it_is_sent_nothing_leaves(fakes: Fakes, what: str) -> None:
    account = agreeing("third_party_integrations.scell")
    ground = GroundRef.consent(account, "third_party_integrations", "scell")
    row = invoiced(ground) if what == "invoice" else signing_asked(fakes, ground)
    choose(person(account), "third_party_integrations", False, child="scell", now=NOW)
    send_all(NOW)
    assert (fakes.count, fresh(row).state, Outgoing.objects.get().state) == (0, "asked", State.DROPPED)


def test_what_waits_is_sealed_and_gone_once_it_was_sent(fakes: Fakes) -> None:
    invoiced(line="Zyklamen")
    with connection.cursor() as cursor:
        cursor.execute("select payload from adapters_outgoing")
        (stored,) = cursor.fetchone()
    send_all(NOW)
    assert ("Zyklamen" in stored, Outgoing.objects.get().payload) == (False, None)


def test_the_promise_turns_false_when_a_file_isn_t_what_its_hash_says(fakes: Fakes) -> None:
    row = completed(fakes)
    kept = promises.signatures_are_proven(NOW)
    Proof.objects.create(
        at=NOW, dossier_id=UUID(int=1), what="signed", sha256="0" * 64, size=3,
        content=Proof.objects.filter(dossier_id=row.pk)[0].content,
    )  # fmt: skip
    broken = promises.signatures_are_proven(NOW)
    assert (kept.kept, kept.figures["files_opened"], broken.kept, broken.figures["files_altered"]) == (
        True,
        3,
        False,
        1,
    )
