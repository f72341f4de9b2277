"""Letting people into the portal of a file: invitations, the check of identity, links."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from audit.actions import record_security
from audit.actors import Actor
from audit.models import SecurityEntry
from care.models import Capacity, Invitation, PortalLink
from care.models.portal import EVERYTHING
from care.portal import actions as care
from care.queries import invitations_to
from care.tenancy import scope as tenancy_scope
from privacy.refusals import Refusal, require
from records.clock import day_of
from records.models import PatientFile
from records.portal import mails
from records.portal.guardians import link_end
from records.portal.matching import names_patient
from records.portal.rules import MOST_REFUSED_A_DAY, NOT_RECOGNISED, TOO_MANY, why_not_invite
from records.reading import Part, open_file, texts_of
from vault.errors import VaultError

REFUSED: Final = "portal.identity_refused"


@transaction.atomic
def invite(
    *,
    file: PatientFile,
    email: str | None,
    capacity: str = Capacity.SELF,
    parts: Sequence[str] = EVERYTHING,
    link_until: datetime | None = None,
    language: str,
    by: Actor,
    now: datetime,
) -> tuple[Invitation, str]:
    """Ask somebody into the portal of ``file``: by mail, or with no ``email`` by a code for the desk, shown once.

    Returns the invitation and its secret. Raises Refused, and what the vault raises for a closed file.
    """
    file = PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file.pk)
    handle = open_file(file, Part.PORTAL, by=by, now=now, action="invite")
    waiting = sum(one.waits(now) for one in invitations_to(file.pk))
    require(
        why_not_invite(
            texts_of(handle, file), capacity=capacity, scope=parts, link_until=link_until, waiting=waiting,
            today=day_of(file, now), now=now,
        )
    )  # fmt: skip
    channel = Invitation.Channel.EMAIL if email else Invitation.Channel.DESK
    row, secret = care.invite(
        practice_id=file.practice_id, patient_id=file.pk, handle=handle, channel=channel, email=email,
        capacity=capacity, scope=parts, link_until=link_until, by=by, now=now,
    )  # fmt: skip
    if email:
        mails.invitation(to=email, secret=secret, until=row.expires_at, language=language)
    return row, secret


@transaction.atomic
def resend(*, invitation: Invitation, file: PatientFile, language: str, by: Actor, now: datetime) -> bool:
    """A new link to the same address; the earlier one is worth nothing from here on. False when there is none any more."""
    email = open_file(file, Part.PORTAL, by=by, now=now).read(invitation, "email")
    if not email or not care.revoke(invitation=invitation, by=by, now=now):
        return False
    invite(
        file=file, email=email, capacity=invitation.capacity, parts=invitation.scope,
        link_until=invitation.link_until, language=language, by=by, now=now,
    )  # fmt: skip
    return True


def accept(
    *, invitation_id: UUID, practice_id: UUID, typed: Mapping[str, object], by: Actor, now: datetime
) -> PortalLink | Refusal:
    """Weigh who the person says the patient is, and link their account when it is so.

    A wrong answer is counted and stays counted, so it comes back as a Refusal instead of being raised. One at a time.
    """
    with transaction.atomic(), tenancy_scope([practice_id]):
        if _refused_today(by, now) >= MOST_REFUSED_A_DAY:
            return TOO_MANY
        row = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
        if row is None or not row.waits(now):
            return NOT_RECOGNISED
        file = PatientFile.objects.select_related("practice").filter(pk=row.patient_id, leaving_at=None).first()
        if file is None:
            return NOT_RECOGNISED
        held = _held(file, by, now)
        if held is None or not names_patient(held, **typed):  # type: ignore[arg-type]  # the form's three clean values
            return _refuse(row, by, now)
        return care.accept(invitation=row, until=link_end(row, file, held), by=by, now=now)


def refuse_code(*, by: Actor, now: datetime) -> Refusal:
    """A desk code that opens nothing counts among the account's tries of the day."""
    if _refused_today(by, now) >= MOST_REFUSED_A_DAY:
        return TOO_MANY
    record_security(by=by, kind=REFUSED, outcome="refused", now=now)
    return NOT_RECOGNISED


def _refuse(row: Invitation, by: Actor, now: datetime) -> Refusal:
    care.count_try(row, by=by, now=now)
    record_security(by=by, kind=REFUSED, outcome="refused", now=now)
    return NOT_RECOGNISED


def _refused_today(by: Actor, now: datetime) -> int:
    since = now - timedelta(days=1)
    return SecurityEntry.objects.filter(actor_id=by.account_id, kind=REFUSED, at__gt=since).count()


def _held(file: PatientFile, by: Actor, now: datetime) -> dict[str, str] | None:
    """Who the file says the patient is, opened to compare; None for a file that stays closed."""
    try:
        handle = open_file(file, Part.PORTAL, by=by, now=now, action="verify")
    except VaultError:
        return None
    return {name: handle.read(file, name) or "" for name in ("surname", "birth_name", "given_names", "birth_date")}
