"""Exports, always for the person whose they are."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from care.models import PortalLink, PortalPart
from care.tenancy import ALL, scope
from gdpr_requests.export.scopes import OF_PATIENTS, Scope
from gdpr_requests.models import Channel, Request
from gdpr_requests.models.exports import UNDER_WAY, Export, ExportState
from gdpr_requests.portal.queries import FOR_ONESELF_OR_A_CHILD, watched
from records.models import PatientFile

VALID_FOR: Final = timedelta(days=7)
"""How long a finished archive can be downloaded (PC-64)."""


def exports_of(user: User, now: datetime) -> QuerySet[Export]:
    """What ``user`` asked for as a practitioner and can still see, the newest first; what is over isn't there, swept or not."""
    return _mine(user, now).exclude(scope__in=OF_PATIENTS)


def patients_exports(user: User, now: datetime) -> QuerySet[Export]:
    """What ``user`` asked for as a patient: of the account, and of files that a live link leads to, for whoever exercises
    the patient's rights. A link that ends takes the archive along with the next page. Inside a scope of its practices."""
    files = [one.file.pk for one in watched(user.pk, now)]
    return _mine(user, now).filter(Q(scope=Scope.ACCOUNT) | Q(scope=Scope.FILE, file_id__in=files))


def _mine(user: User, now: datetime) -> QuerySet[Export]:
    prepared = Request.objects.filter(account_id=user.pk, channel=Channel.DEATH).values(
        "pk"
    )  # for the person they named
    mine = Export.objects.filter(account=user).exclude(request_id__in=prepared)
    return mine.exclude(_over(now)).order_by("-asked_at", "-pk")


def export_for(user: User, export_id: UUID, now: datetime) -> Export:
    """One of them. Raises Export.DoesNotExist to a stranger, and after its end."""
    return exports_of(user, now).get(pk=export_id)


def ready_for(user: User, export_id: UUID, now: datetime) -> Export:
    """One that can be downloaded. Raises Export.DoesNotExist."""
    return exports_of(user, now).get(pk=export_id, state=ExportState.READY)


def link_of(account_id: UUID, file_id: UUID, now: datetime) -> PortalLink | None:
    """The live link by which the account exercises the rights of the file's patient, if there is one."""
    with scope(ALL):
        links = PortalLink.objects.live(now).filter(
            account_id=account_id, patient_id=file_id, capacity__in=FOR_ONESELF_OR_A_CHILD,
            scope__contains=[PortalPart.PRIVACY.value],
        )  # fmt: skip
        return links.first()


def request_of(export: Export) -> Request:
    """The granted request behind an archive. Raises Request.DoesNotExist for one that was asked for by a click."""
    return Request.objects.get(pk=export.request_id or export.pk)


def after_a_death(export: Export) -> bool:
    """Whether it was prepared to be handed over, as the directives of its dead holder say: the desk has it, nobody else."""
    asked = export.request_id
    return asked is not None and Request.objects.filter(pk=asked, channel=Channel.DEATH).exists()


def of_request(request_id: UUID, now: datetime) -> Export | None:
    """The archive that answers a request, while it can be had."""
    return Export.objects.filter(request_id=request_id).exclude(_over(now)).first()


def of_gone_files() -> list[Export]:
    """Those of files whose destruction is decided or done: the copy goes with its original."""
    found = list(Export.objects.filter(scope=Scope.FILE))
    with scope(ALL):
        there = PatientFile.objects.filter(pk__in=[one.file_id for one in found], leaving_at=None)
        living = set(there.values_list("pk", flat=True))
    return [one for one in found if one.file_id not in living]


def over(now: datetime) -> QuerySet[Export]:
    """Everybody's whose seven days are over, and failed ones as old: to be destroyed."""
    return Export.objects.filter(_over(now)).order_by("asked_at", "pk")


def under_way() -> list[UUID]:
    """Those that wait or are being built; whether somebody is at work on one, its lock tells."""
    return list(Export.objects.filter(state__in=UNDER_WAY).order_by("asked_at").values_list("pk", flat=True))


def _over(now: datetime) -> Q:
    return Q(expires_at__lte=now) | Q(state=ExportState.FAILED, asked_at__lte=now - VALID_FOR)
