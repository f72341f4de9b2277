"""Invoices and signatures through the outbox, and what Scell.io's signed events lead to: reading there, and keeping the proof."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from adapters import inbox
from adapters.boxes.monotone import earlier
from adapters.boxes.refs import GroundRef
from adapters.boxes.signatures import Arrival, timestamped
from adapters.content import Name
from adapters.grounds import Ground
from adapters.inbox import Hook, Incoming
from adapters.outbox import Outgoing, Undeliverable, enqueue, handles
from adapters.reading import Misunderstood, Said, parsed
from adapters.scell import answers, api
from adapters.scell.api import KEY
from adapters.scell.models import LADDERS, OVER, PROOFS, Dossier, Proof

INVOICES: Final = ("created", "validated", "transmitted", "accepted", "rejected", "error", "paid")
SIGNATURES: Final = ("created", "waiting", "signed", "signer_completed", "completed", "refused", "expired", "error")
TOLD: Final = tuple(f"invoice.{one}" for one in INVOICES) + tuple(f"signature.{one}" for one in SIGNATURES)
"""``invoice.incoming.…`` and ``balance.…`` have no applier: nobody here takes invoices in, and the office sees the balance."""
QUIET: Final = timedelta(minutes=30)
"""How long an open dossier may be silent before it is read without being told to."""
KEY_LASTS: Final = timedelta(hours=23)
"""How long a creation may be tried again under its key, which they know for 24 hours."""
AT_ONCE: Final = 500


class Altered(Exception):
    """A kept file isn't the one whose hash was written down."""


def ask_invoice(invoice: api.NewInvoice, *, subject_id: UUID | None, ground: GroundRef, now: datetime) -> Dossier:
    """Have an invoice issued; in the caller's transaction. What it says is sealed until it is sent, and then gone here."""
    row = Dossier.objects.create(id=invoice.id, kind="invoice", subject_id=subject_id, asked_at=now, changed_at=now)
    enqueue(kind="scell.invoice", payload=_written(invoice), ground=ground, now=now, dedupe=row.pk.hex)
    return row


def ask_signature(wanted: api.NewSignature, *, subject_id: UUID | None, ground: GroundRef, now: datetime) -> Dossier:
    """Have a document signed; in the caller's transaction. The document is kept from here on, by its hash."""
    row = Dossier.objects.create(id=wanted.id, kind="signature", subject_id=subject_id, asked_at=now, changed_at=now)
    keep(row, "original", wanted.document, now)
    said = {
        "id": str(wanted.id), "title": wanted.title.text, "file_name": wanted.file_name.text,
        "signers": [asdict(one) for one in wanted.signers], "until": wanted.until.isoformat() if wanted.until else "",
    }  # fmt: skip
    enqueue(kind="scell.signature", payload=said, ground=ground, now=now, dedupe=row.pk.hex)
    return row


def ground_of(row: Dossier) -> GroundRef:
    """On which ground what was begun is read: an invoice or a signature stands, whatever was chosen since."""
    return GroundRef.necessary("e_invoice" if row.kind == "invoice" else "signature_proof", subject_id=row.subject_id)


@handles("scell.invoice")
def make_invoice(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Have it issued. Twice is once: the row's id is the key that Scell.io knows it again by."""
    new = _read_back(outgoing.content)
    row = Dossier.objects.get(pk=new.id)
    if _is_made(row, outgoing, now):
        return
    _note(row, api.create_invoice(new, key=outgoing.idempotency_key, ground=ground, now=now), now)


@handles("scell.signature")
def make_signature(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Have it signed, the document as it was kept."""
    said = outgoing.content
    row = Dossier.objects.get(pk=said["id"])
    if _is_made(row, outgoing, now):
        return
    wanted = api.NewSignature(
        id=row.pk, title=Name(said["title"]), file_name=Name(said["file_name"]),
        document=opened(Proof.objects.get(dossier_id=row.pk, what="original")),
        signers=[api.NewSigner(**{**one, "way": api.Way(one["way"])}) for one in said["signers"]],
        until=datetime.fromisoformat(said["until"]) if said["until"] else None,
    )  # fmt: skip
    _note(row, api.create_signature(wanted, key=outgoing.idempotency_key, ground=ground, now=now), now)


@handles("scell.read")
def read(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Read a dossier there, and fetch the proof of a signature that is complete."""
    row = Dossier.objects.get(pk=outgoing.content["dossier"])
    if not row.provider_id:
        return
    if row.kind == "invoice":
        _note(row, api.invoice(row.provider_id, ground=ground, now=now), now)
    else:
        _note(row, api.signature(row.provider_id, ground=ground, now=now), now)
    row.refresh_from_db()
    if row.state == "completed":
        for what in PROOFS:
            if not Proof.objects.filter(dossier_id=row.pk, what=what).exists():
                keep(row, what, api.signature_file(row.provider_id, what, ground=ground, now=now), now)


def keep(row: Dossier, what: str, content: bytes, now: datetime) -> None:
    """Keep a file, sealed; a second one under the same name changes nothing."""
    proof = Proof(
        at=now, dossier_id=row.pk, subject_id=row.subject_id, what=what, sha256=hashlib.sha256(content).hexdigest(),
        size=len(content), content=base64.b64encode(content).decode(),
    )  # fmt: skip
    Proof.objects.bulk_create([proof], ignore_conflicts=True)


def opened(proof: Proof) -> bytes:
    """The file, the same to the byte. Raises :class:`Altered`; reading the row raised SealBroken for another sealed value."""
    content = base64.b64decode(proof.content, validate=True)
    if hashlib.sha256(content).hexdigest() != proof.sha256:
        raise Altered(f"proof {proof.pk}")
    return content


def advance(row: Dossier, state: str, now: datetime) -> bool:
    """Go there, unless it is there or further already. One statement: it holds between two workers."""
    before = earlier(LADDERS[row.kind], state)
    return bool(Dossier.objects.filter(pk=row.pk, state__in=before).update(state=state, changed_at=now))


def hook_read(arrival: Arrival) -> inbox.Said:
    """Name an event: by the id of its delivery, or by its own hash where it has none."""
    said = Said(KEY, parsed(arrival.body))
    known = (
        said.text("delivery_id", longest=100) if said.get("delivery_id") else hashlib.sha256(arrival.body).hexdigest()
    )
    return inbox.Said(known, said.text("event", longest=80))


def _secrets() -> list[str]:
    block: Mapping[str, Any] = settings.ADAPTERS[KEY]
    return [str(block["credentials"]["SCELL_WEBHOOK_SECRET"])]


HOOK: Final = Hook(KEY, timestamped("X-Scell-Signature", _secrets), hook_read)


@inbox.applies(KEY, *TOLD)
def heard(row: Incoming, now: datetime) -> UUID | None:
    """Have the dossier read that an event points to; an event about none of ours does nothing."""
    data = Said(KEY, parsed(row.body or "")).inner("data")
    dossier = Dossier.objects.filter(provider_id=data.text("id", longest=64)).first() or _by_reference(data)
    if dossier is None:
        return None
    if not dossier.provider_id:
        Dossier.objects.filter(pk=dossier.pk, provider_id="").update(provider_id=data.text("id", longest=64))
    _have_read(dossier, now, f"{dossier.pk.hex}:{row.pk.hex}")
    return dossier.subject_id


@inbox.repairs(KEY, GroundRef.necessary("e_invoice"))
def repair(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Have every dossier read that was silent for too long, and every signature whose proof is missing."""
    silent = Dossier.objects.exclude(provider_id="").exclude(state__in=OVER).filter(changed_at__lt=now - QUIET)
    unproven = unproven_signatures().filter(changed_at__lt=now - QUIET)
    with transaction.atomic():
        for dossier in [*silent.order_by("changed_at")[:AT_ONCE], *unproven[:AT_ONCE]]:
            _have_read(dossier, now, f"{dossier.pk.hex}:{now:%Y%m%d%H}")


def unproven_signatures() -> QuerySet[Dossier]:
    """Complete signatures of which a file isn't here."""
    complete = Dossier.objects.filter(kind="signature", state="completed")
    proven = [set(Proof.objects.filter(what=what).values_list("dossier_id", flat=True)) for what in PROOFS]
    return complete.exclude(pk__in=set.intersection(*proven))


def _is_made(row: Dossier, outgoing: Outgoing, now: datetime) -> bool:
    """Whether an event told already that it is made. Raises Undeliverable when an attempt is so old that they may not know its key."""
    if not row.provider_id and outgoing.attempts > 1 and now - outgoing.queued_at > KEY_LASTS:
        raise Undeliverable("unclear")
    return bool(row.provider_id)


def _by_reference(data: Said) -> Dossier | None:
    try:
        return Dossier.objects.filter(pk=data.uuid("external_id")).first()
    except Misunderstood:
        return None


def _have_read(row: Dossier, now: datetime, dedupe: str) -> None:
    enqueue(kind="scell.read", payload={"dossier": str(row.pk)}, ground=ground_of(row), now=now, dedupe=dedupe)


def _note(row: Dossier, found: answers.Invoice | answers.Signature, now: datetime) -> None:
    """Write down what they answered."""
    said: dict[str, Any] = {"provider_id": found.id, "sandbox": found.sandbox}
    if isinstance(found, answers.Signature):
        said |= {"level": found.level.value, "level_said": found.level_said}
    Dossier.objects.filter(pk=row.pk).update(**said)
    advance(row, found.state.value, now)


def _written(invoice: api.NewInvoice) -> dict[str, Any]:
    """An invoice as JSON."""
    lines = [{**asdict(line), "description": line.description.text, "rate": str(line.rate)} for line in invoice.lines]
    return {
        "id": str(invoice.id), "number": invoice.number, "issued_on": invoice.issued_on.isoformat(), "lines": lines,
        "seller": asdict(invoice.seller), "buyer": asdict(invoice.buyer),
    }  # fmt: skip


def _read_back(said: Mapping[str, Any]) -> api.NewInvoice:
    return api.NewInvoice(
        id=UUID(said["id"]), number=said["number"], issued_on=date.fromisoformat(said["issued_on"]),
        seller=api.Party(**said["seller"]), buyer=api.Party(**said["buyer"]),
        lines=[
            api.Line(**{**line, "description": Name(line["description"]), "rate": Decimal(line["rate"])})
            for line in said["lines"]
        ],
    )  # fmt: skip
