"""What a patient may know: of their own account, and of the files whose links open the part ``privacy``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from audit.models import AccessEntry
from care.models import Capacity, PortalLink, PortalPart
from care.queries import links_of
from gdpr_requests.desk.queries import own_requests
from gdpr_requests.desk.states import State
from gdpr_requests.models import Request
from gdpr_requests.queries import filtered
from records.authority.queries import without_silenced
from records.models import Consultation, Document, PatientFile

RECENT: Final = timedelta(days=30)
ACCOUNT: Final = "account"
"""What stands for one's own account where a file could be chosen."""
FOR_ONESELF_OR_A_CHILD: Final = (Capacity.SELF, Capacity.GUARDIAN)
"""Whose rights these are: a person of trust reads what is shared, but doesn't exercise the patient's rights."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A file whose patient the visitor is, or whose rights they exercise, by one live link."""

    link: PortalLink
    file: PatientFile


@dataclass(frozen=True, slots=True)
class Openings:
    """Who saw it in the last 30 days: how often, how often by somebody else than the visitor, and when last."""

    number: int
    by_others: int
    last_at: datetime | None


def watched(account_id: UUID, now: datetime) -> list[Watched]:
    """The files of the visitor, in the order of their links; none whose destruction is decided. Two queries."""
    mine = links_of(account_id, now).filter(
        capacity__in=FOR_ONESELF_OR_A_CHILD, scope__contains=[PortalPart.PRIVACY.value]
    )
    links = list(mine)
    files = PatientFile.objects.filter(pk__in=[link.patient_id for link in links], leaving_at=None)
    found = {(file.pk, file.practice_id): file for file in files}
    pairs = ((link, found.get((link.patient_id, link.practice_id))) for link in links)
    return [Watched(link, file) for link, file in pairs if file is not None]


def holdings(files: Iterable[Watched]) -> dict[UUID, tuple[int, int]]:
    """By file: how many consultations and how many documents it holds, counted now. Two queries."""
    ids = [one.file.pk for one in files]
    consultations, documents = _counted(Consultation, ids), _counted(Document, ids)
    return {file_id: (consultations.get(file_id, 0), documents.get(file_id, 0)) for file_id in ids}


def _counted(model: type[Consultation] | type[Document], ids: list[UUID]) -> dict[UUID, int]:
    rows = model._default_manager.filter(file__in=ids).order_by().values("file_id").annotate(n=Count("pk"))
    return {row["file_id"]: row["n"] for row in rows}


def journal_of(
    account_id: UUID, files: Iterable[Watched], wanted: Mapping[str, Any] | None = None, *, now: datetime
) -> QuerySet[AccessEntry]:
    """The openings of the account's own data and of these files, as the filter leaves them (PC-70).

    What an authority read under an order that forbids telling isn't among them yet (MD-43).
    """
    wanted = wanted or {}
    subjects = {ACCOUNT: account_id, **{str(one.link.pk): one.file.pk for one in files}}
    about = wanted.get("about")
    chosen = [subjects[about]] if about in subjects else list(subjects.values())
    entries = without_silenced(AccessEntry.objects.filter(subject_id__in=chosen), now)
    return filtered(entries, wanted, account_id)


def openings(account_id: UUID, files: Iterable[Watched], now: datetime) -> Openings:
    """Those of the last 30 days."""
    recent = journal_of(account_id, files, now=now).order_by().filter(at__gt=now - RECENT, at__lte=now)
    figures = recent.aggregate(
        number=Count("pk"), by_others=Count("pk", filter=~Q(actor_id=account_id)), last_at=Max("at")
    )
    return Openings(**figures)


def questioned(account_id: UUID, entries: Iterable[AccessEntry]) -> dict[int, Request]:
    """Which of these lines the account questioned, each with its request; a withdrawn one no more."""
    numbers = [entry.pk for entry in entries]
    asked = own_requests(account_id).filter(entry_number__in=numbers).exclude(state=State.WITHDRAWN)
    return {row.entry_number: row for row in asked if row.entry_number is not None}
