"""Directives as their author, and nobody else, reads them; and what lies ready for the day of a death."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.actors import Actor
from care.models import Capacity, PortalLink
from care.tenancy import ALL, scope
from gdpr_requests.models import Channel, Directive, Outcome, Request
from gdpr_requests.models.directives import DirectiveKind
from privacy.purposes import Purpose
from vault import access

PART = "directives"
"""What the access journal says was opened."""


def directives_of(account_id: UUID) -> QuerySet[Directive]:
    """All versions, the newest first; ended ones without their text."""
    return Directive.objects.filter(account_id=account_id).order_by("-written_at", "-pk")


def live_of(account_id: UUID) -> dict[str, Directive]:
    """The version that counts, by kind."""
    return {row.kind: row for row in Directive.objects.filter(account_id=account_id, ended_at=None)}


@transaction.atomic
def said_of(account_id: UUID, *, by: Actor, now: datetime, action: str = "open") -> dict[str, dict[str, Any]]:
    """What counts, by kind, opened; each opening has its line in the access journal."""
    found = {}
    for kind, row in live_of(account_id).items():
        handle = access.open(
            row.pk, by=by, purpose=Purpose.LEGAL, part=PART, practice_id=by.practice_id, now=now, action=action
        )
        found[kind] = handle.read(row, "said") or {}
    return found


def own_links(account_id: UUID, now: datetime) -> list[PortalLink]:
    """The live links by which the account is the patient, in all practices."""
    with scope(ALL):
        links = PortalLink.objects.live(now).filter(account_id=account_id, capacity=Capacity.SELF)
        return list(links.select_related("practice").order_by("since_at", "pk"))


def has_died(account_id: UUID) -> bool:
    """Whether a person established that the account's holder died (LAW-02): nobody writes to them any more."""
    with scope(ALL):
        asked = Request.objects.filter(account_id=account_id, channel=Channel.DEATH, practice_id=None)
        return asked.filter(outcome__in=[Outcome.GRANTED, Outcome.PARTLY]).exists()


def patients_of(file_id: UUID, now: datetime) -> list[UUID]:
    """The accounts whose own file this is, by a live link: the only way from a file to the person elsewhere."""
    links = PortalLink.objects.live(now).filter(patient_id=file_id, capacity=Capacity.SELF)
    return sorted(links.values_list("account_id", flat=True))


def specific(said: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The specific ones among what was opened."""
    return said.get(DirectiveKind.SPECIFIC)


def general(said: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The general ones among what was opened."""
    return said.get(DirectiveKind.GENERAL)
