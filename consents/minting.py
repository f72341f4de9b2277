"""How a worker gets the ground of a waiting message: asked of the ledger anew, in the scope that asking it needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from adapters.boxes.refs import GroundRef, Kind, mint_with
from care import tenancy
from care.models import CareRelationship
from consents.grants import Grant, PatientGrant, grant_for, patient_grant_for


def register() -> None:
    """Have the outbox ask here for both kinds of grants."""
    mint_with(Kind.CONSENT, of_person)
    mint_with(Kind.PATIENT, of_patient)


@contextmanager
def of_person(ref: GroundRef, now: datetime) -> Iterator[Grant]:
    """The grant of one person. Raises :class:`consents.grants.NoGrant` and ``UnknownKey``."""
    key, _dot, child = ref.slot.partition(".")
    yield grant_for(_given(ref.subject_id), key, child or None, now=now)


@contextmanager
def of_patient(ref: GroundRef, now: datetime) -> Iterator[PatientGrant]:
    """The grant of both, made inside the scope of the practice where the patient is treated; the handler's work is outside of it.

    A scope is a transaction, and nothing is sent with one open (``adapters.door.send``). Raises :class:`consents.grants.NoGrant` and ``UnknownKey``.
    """
    subject_id, file_id = _given(ref.subject_id), _given(ref.file_id)
    with tenancy.scope(_practices(subject_id, file_id)):
        grant = patient_grant_for(file_id, ref.wish, subject_id=subject_id, slot=ref.slot, now=now)
    yield grant


def _practices(subject_id: UUID, file_id: UUID) -> list[UUID]:
    """Where this practitioner treats this patient; nowhere any more: no scope, and so no grant."""
    with tenancy.scope(tenancy.ALL):
        treats = CareRelationship.objects.active().of(subject_id).filter(patient_id=file_id)
        return list(treats.values_list("practice_id", flat=True))


def _given(value: UUID | None) -> UUID:
    if value is None:
        raise ValueError("this ground names nobody; PostgreSQL refuses such a row")
    return value
