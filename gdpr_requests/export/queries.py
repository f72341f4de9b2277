"""Exports, always for the person whose they are."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from gdpr_requests.models.exports import UNDER_WAY, Export, ExportState

VALID_FOR: Final = timedelta(days=7)
"""How long a finished archive can be downloaded (PC-64)."""


def exports_of(user: User, now: datetime) -> QuerySet[Export]:
    """What ``user`` asked for and can still see, the newest first; what is over isn't there, swept or not."""
    return Export.objects.filter(account=user).exclude(_over(now)).order_by("-asked_at", "-pk")


def export_for(user: User, export_id: UUID, now: datetime) -> Export:
    """One of them. Raises Export.DoesNotExist to a stranger, and after its end."""
    return exports_of(user, now).get(pk=export_id)


def ready_for(user: User, export_id: UUID, now: datetime) -> Export:
    """One that can be downloaded. Raises Export.DoesNotExist."""
    return exports_of(user, now).get(pk=export_id, state=ExportState.READY)


def over(now: datetime) -> QuerySet[Export]:
    """Everybody's whose seven days are over, and failed ones as old: to be destroyed."""
    return Export.objects.filter(_over(now)).order_by("asked_at", "pk")


def under_way() -> list[UUID]:
    """Those that wait or are being built; whether somebody is at work on one, its lock tells."""
    return list(Export.objects.filter(state__in=UNDER_WAY).order_by("asked_at").values_list("pk", flat=True))


def _over(now: datetime) -> Q:
    return Q(expires_at__lte=now) | Q(state=ExportState.FAILED, asked_at__lte=now - VALID_FOR)
