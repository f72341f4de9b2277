"""What the portal shows, always starting from one link of the visitor's account."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from care.models import PortalLink, PortalPart
from records.models import (
    Consultation,
    ConsultationStatus,
    Document,
    PatientFile,
    Questionnaire,
    QuestionnaireDraft,
    Share,
)


def file_of(link: PortalLink) -> PatientFile | None:
    """The one file the link leads to, while its destruction isn't decided."""
    files = PatientFile.objects.select_related("practice").filter(practice_id=link.practice_id, leaving_at=None)
    return files.filter(pk=link.patient_id).first()


def shares_of(file: PatientFile) -> QuerySet[Share]:
    """What the portal shows of a file, the latest first; a struck consultation no more."""
    live = Share.objects.filter(file=file, withdrawn_at=None)
    kept = live.filter(Q(consultation=None) | Q(consultation__status=ConsultationStatus.SIGNED))
    return kept.select_related("document", "consultation__author__practitioner").order_by("-shared_at", "pk")


def shared_document(file: PatientFile, document_id: UUID) -> Document | None:
    """One document of the file, while it is shared."""
    share = shares_of(file).filter(document_id=document_id).first()
    return share.document if share else None


def shared_consultation(file: PatientFile, consultation_id: UUID) -> Consultation | None:
    """One signed consultation of the file, while it is shared."""
    share = shares_of(file).filter(consultation_id=consultation_id).first()
    return share.consultation if share else None


def live_share(file: PatientFile, **thing: UUID) -> Share | None:
    """The share of one document or consultation, for the practitioner's button."""
    return Share.objects.filter(file=file, withdrawn_at=None, **thing).first()


def news(links: Iterable[PortalLink]) -> dict[UUID, tuple[int, datetime | None]]:
    """By file: how much is shared in the parts that the link opens, and since when the latest. One query."""
    found: dict[UUID, tuple[int, datetime | None]] = {}
    by_file = {link.patient_id: link for link in links}
    kept = Q(withdrawn_at=None) & (Q(consultation=None) | Q(consultation__status=ConsultationStatus.SIGNED))
    counted = Share.objects.filter(kept, file__in=by_file).values("file_id").annotate(
        documents=Count("document"), consultations=Count("consultation"),
        last_document=Max("shared_at", filter=Q(consultation=None)), last_consultation=Max("shared_at", filter=Q(document=None)),
    )  # fmt: skip
    for row in counted:
        link = by_file[row["file_id"]]
        each = (
            (PortalPart.DOCUMENTS, row["documents"], row["last_document"]),
            (PortalPart.CONSULTATIONS, row["consultations"], row["last_consultation"]),
        )
        opened = [(number, last) for part, number, last in each if link.opens(part)]
        moments = [last for _number, last in opened if last]
        found[link.patient_id] = (sum(number for number, _last in opened), max(moments, default=None))
    return found


def versions_of(file: PatientFile) -> QuerySet[Questionnaire]:
    """The questionnaire as it was handed in, the latest first."""
    return Questionnaire.objects.filter(file=file).order_by("-number")


def draft_of(file: PatientFile, account_id: UUID | None) -> QuestionnaireDraft | None:
    """What this account has begun and not handed in."""
    return QuestionnaireDraft.objects.filter(file=file, account_id=account_id, answers__isnull=False).first()
