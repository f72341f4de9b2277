"""Entering a duty, what was done of it, and its end; each is in the event journal."""

from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from audit.actions import record_event
from audit.actors import Actor
from gdpr_requests.duties.rules import why_not_record
from gdpr_requests.models import Duty, DutyDone, DutyProof
from privacy.clocks import add_months, legal_day
from privacy.refusals import Refused
from records.preview import inspect
from vault.system import open_system, seal_system

KEY = "duties"


@transaction.atomic
def add_duty(
    *,
    kind: str,
    title: str,
    every_months: int | None,
    first_due_on: date,
    by: Actor,
    now: datetime,
    subprocessor: str = "",
) -> Duty:
    """Enter something that will fall due (PC-82)."""
    duty = Duty.objects.create(
        kind=kind,
        title=title,
        every_months=every_months,
        first_due_on=first_due_on,
        created_at=now,
        subprocessor=subprocessor,
    )
    _journal("added", duty, by=by, now=now)
    return duty


@transaction.atomic
def record_done(*, duty_id: UUID, done_on: date, proof: bytes, by: Actor, now: datetime) -> DutyDone:
    """Enter that it was done on a day, with the document that proves it; the next due day follows.

    Raises Duty.DoesNotExist, and :class:`privacy.refusals.Refused` with what is wrong with the day or for a document
    that isn't a PDF, JPEG or PNG.
    """
    inspected = inspect(proof)
    duty = Duty.objects.select_for_update().get(pk=duty_id)
    newest = duty.done.order_by("-done_on").values_list("done_on", flat=True).first()
    if refusal := why_not_record(duty, newest, done_on, legal_day(now)):
        raise Refused(refusal)
    done = DutyDone.objects.create(
        duty=duty,
        done_on=done_on,
        next_due_on=add_months(done_on, duty.every_months) if duty.every_months else None,
        recorded_at=now,
        sha256=sha256(proof).digest(),
    )
    sealed = seal_system(KEY, str(done.pk), proof)
    DutyProof.objects.create(done=done, content_type=inspected.content_type, sealed=sealed)
    _journal("recorded", duty, by=by, now=now)
    return done


@transaction.atomic
def end_duty(*, duty_id: UUID, by: Actor, now: datetime) -> None:
    """It falls due no more; its entries and proofs stay. Ending twice changes nothing. Raises Duty.DoesNotExist."""
    duty = Duty.objects.select_for_update().get(pk=duty_id)
    if duty.ended_at is None:
        Duty.objects.filter(pk=duty.pk).update(ended_at=now)
        _journal("ended", duty, by=by, now=now)


@transaction.atomic
def open_proof(*, done_id: UUID, by: Actor, now: datetime) -> tuple[DutyProof, bytes]:
    """The proof of an entry; reading it is journaled. Raises DutyProof.DoesNotExist and vault.errors.SealBroken."""
    proof = DutyProof.objects.select_related("done__duty").get(pk=done_id)
    _journal("proof_read", proof.done.duty, by=by, now=now)
    return proof, unsealed(proof)


def unsealed(proof: DutyProof) -> bytes:
    """The document itself. Raises vault.errors.SealBroken when it was changed."""
    return open_system(KEY, str(proof.pk), bytes(proof.sealed))


def _journal(verb: str, duty: Duty, *, by: Actor, now: datetime) -> None:
    record_event(by=by, verb=f"gdpr_requests.duty.{verb}", object_type="gdpr_requests.Duty", object_id=duty.pk, now=now)
