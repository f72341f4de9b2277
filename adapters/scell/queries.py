"""Reads of invoices and signatures at Scell.io, always for one account."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from adapters.scell.models import Dossier, Proof


def dossiers_of(account_id: UUID) -> QuerySet[Dossier]:
    """An account's invoices and signatures, the newest first."""
    return Dossier.objects.filter(subject_id=account_id).order_by("-asked_at", "-pk")


def proofs_of(account_id: UUID, dossiers: Collection[Dossier]) -> dict[UUID, list[Proof]]:
    """The kept files of some of them, by dossier, without what is in them: each may have ten megabytes."""
    rows = Proof.objects.filter(subject_id=account_id, dossier_id__in=[one.pk for one in dossiers])
    found: dict[UUID, list[Proof]] = {}
    for row in rows.defer("content", "leaf").order_by("pk"):
        found.setdefault(row.dossier_id, []).append(row)
    return found


def proof_of(account_id: UUID, proof_id: int) -> Proof:
    """One kept file with its content. Raises Proof.DoesNotExist to anybody else, ``vault.errors.SealBroken``."""
    return Proof.objects.get(pk=proof_id, subject_id=account_id)
