"""Every write about the team: invited, joined, bound to secrecy, let in by the patient, shown out."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import sessions
from accounts.actions import sign_up_member
from accounts.models import User
from audit.actions import Detail, record_event, record_security
from audit.actors import Actor
from care.actions import join_practice, leave_practice
from care.agreement import Wording, in_force, wordings
from care.models import AgreementSignature, AgreementText, Membership, Practice, StaffConsent, StaffInvitation
from care.queries import owns
from care.roles import TEAM
from care.team import mails, queries
from care.team.rules import INVITED_FOR, why_not_invite, why_not_join, why_not_sign
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.refusals import Refusal, require


@transaction.atomic
def invite(*, practice: Practice, email: str, role: str, by: Actor, now: datetime) -> StaffInvitation:
    """Ask somebody into the team by e-mail; an earlier invitation to the same address is taken back.

    Raises Refused with what to do.
    """
    Practice.objects.select_for_update().get(pk=practice.pk)
    address = email.lower()
    here = Membership.objects.live().filter(practice=practice, user__email=address).exists()
    mine = by.account_id is not None and owns(by.account_id, practice.pk)
    waiting = queries.waiting(practice.pk, now).exclude(email=address).count()
    require(why_not_invite(owns=mine, works_here=here, waiting=waiting))
    for earlier in StaffInvitation.objects.filter(practice=practice, email=address, used_at=None, revoked_at=None):
        revoke(invitation=earlier, by=by, now=now)
    token = secrets.token_urlsafe(32)
    row = StaffInvitation.objects.create(
        practice=practice, email=address, role=role, token_hash=queries.hashed(token), invited_by_id=_person(by),
        invited_at=now, expires_at=now + INVITED_FOR,
    )  # fmt: skip
    _event(row, "care.invitation.sent", row.practice_id, by, now, role=role)
    mails.invitation(to=address, practice=practice.name, role=row.get_role_display(), token=token, until=row.expires_at)
    return row


@transaction.atomic
def revoke(*, invitation: StaffInvitation, by: Actor, now: datetime) -> None:
    """Take an invitation back: its link is worth nothing from now on, and its address is forgotten."""
    row = StaffInvitation.objects.select_for_update().get(pk=invitation.pk)
    if row.used_at or row.revoked_at:
        return
    row.revoked_at, row.email = now, ""
    row.save(update_fields=["revoked_at", "email"])
    _event(row, "care.invitation.revoked", row.practice_id, by, now)


@transaction.atomic
def accept(*, invitation: StaffInvitation, user: User, name: str, by: Actor, now: datetime) -> Membership:
    """The invited person joins; the link is used up. Raises Refused with what to do."""
    with scope(ALL):
        row = StaffInvitation.objects.select_for_update(of=("self",)).select_related("practice").get(pk=invitation.pk)
        elsewhere = Membership.objects.live().filter(user=user).exists()
        require(why_not_join(row, works_elsewhere=elsewhere, now=now))
        membership = join_practice(practice=row.practice, user=user, role=row.role, name=name, by=by, now=now)
        row.used_at, row.used_by, row.email = now, user, ""
        row.save(update_fields=["used_at", "used_by", "email"])
        _event(row, "care.invitation.used", row.practice_id, by, now)
    return membership


@transaction.atomic
def sign_up(
    *, invitation: StaffInvitation, password: str, name: str, language: str, by: Actor, now: datetime
) -> Membership:
    """Make the invited person's account and let them join: whoever has the link reads that mailbox. Raises Refused."""
    user = sign_up_member(email=invitation.email, password=password, language=language, by=by, now=now)
    person = Actor(user.pk, "account", ip=by.ip, user_agent=by.user_agent, request_id=by.request_id, channel=by.channel)
    return accept(invitation=invitation, user=user, name=name, by=person, now=now)


@transaction.atomic
def end_access(*, membership: Membership, by: Actor, now: datetime) -> None:
    """Show a member out: no practice is open to them at their next request, and every session ends now."""
    row = Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    if row.until_at is not None:
        return
    leave_practice(membership=row, by=by, now=now)
    ended = sessions.end_all(row.user)
    record_security(by=by, kind="team.access_ended", account_id=row.user_id, detail={"sessions": ended}, now=now)


@transaction.atomic
def sign_agreement(
    *, user: User, number: int, agreed: bool, language: str, by: Actor, now: datetime
) -> AgreementSignature:
    """The member signs the version in force for the membership that lacks it. Raises Refused with what to do."""
    User.objects.select_for_update().get(pk=user.pk)
    membership = queries.unsigned(user, now)
    text = in_force(legal_day(now), language)
    require(why_not_sign(agreed=agreed, must_sign=membership is not None, number=number, current=text.number))
    assert membership is not None  # noqa: S101 - the rule refused otherwise
    row = AgreementSignature.objects.create(
        membership_id=membership.pk, account_id=user.pk, role=membership.role, number=text.number,
        text_id=text.address, language=text.language, at=now,
    )  # fmt: skip
    _event(row, "care.agreement.signed", membership.practice_id, by, now, subject=user.pk, version=text.number)
    return row


@transaction.atomic
def publish_agreements(*, by: Actor, now: datetime) -> int:
    """Keep the exact wording of each version on file; returns how many were new.

    Raises ValueError when a file differs from what was published: a text is never edited, a new one follows it.
    """
    published = {(row.language, row.number): row.sha256 for row in AgreementText.objects.defer("content")}
    added = [text for text in wordings() if published.get((text.language, text.number)) != text.address]
    for text in added:
        if (text.language, text.number) in published:
            raise ValueError(
                f"the agreement of {text.effective_on} ({text.language}) was changed after its publication"
            )
        _publish(text, by, now)
    return len(added)


def _publish(text: Wording, by: Actor, now: datetime) -> None:
    row = AgreementText.objects.create(
        sha256=text.address, language=text.language, number=text.number, effective_on=text.effective_on,
        content=text.content, published_at=now,
    )  # fmt: skip
    _event(row, "care.agreement.published", None, by, now, version=text.number, language=text.language)


@transaction.atomic
def let_team_in(*, practice_id: UUID, file_id: UUID, how: str, by: Actor, now: datetime) -> StaffConsent:
    """The patient agrees to the team's access to their file, as ``by`` records it; a second call changes nothing.

    ``by`` is the practitioner who heard it, or the patient in the portal. Who may say it for this file is the caller's to ask.
    """
    require(_why_not_person(by))
    try:
        with transaction.atomic():
            row, new = StaffConsent.objects.get_or_create(
                practice_id=practice_id, file_id=file_id, ended_at=None,
                defaults={"how": how, "given_at": now, "given_by_id": _person(by), "given_role": by.role},
            )  # fmt: skip
    except IntegrityError:
        row, new = StaffConsent.objects.live().get(practice_id=practice_id, file_id=file_id), False
    if new:
        _event(row, "care.staff_consent.given", practice_id, by, now, subject=file_id, how=how)
    return row


@transaction.atomic
def keep_team_out(*, practice_id: UUID, file_id: UUID, by: Actor, now: datetime) -> bool:
    """The patient takes the consent back; the next page of the file is closed to the team. False when there was none."""
    require(_why_not_person(by))
    live = StaffConsent.objects.live().select_for_update().filter(practice_id=practice_id, file_id=file_id).first()
    if live is None:
        return False
    live.ended_at, live.ended_by_id, live.ended_role = now, by.account_id, by.role
    live.save(update_fields=["ended_at", "ended_by", "ended_role"])
    _event(live, "care.staff_consent.withdrawn", practice_id, by, now, subject=file_id)
    return True


def forget_invitations(*, before: datetime, by: Actor, now: datetime) -> int:
    """Forget the addresses of invitations that ended unused before a moment. Returns how many."""
    with scope(ALL):
        stale = list(StaffInvitation.objects.filter(used_at=None, revoked_at=None, expires_at__lt=before))
        for row in stale:
            revoke(invitation=row, by=by, now=now)
    return len(stale)


def _person(by: Actor) -> UUID:
    """The account behind an act that only a person may do (MD-57). Raises ValueError for a job."""
    if by.account_id is None:
        raise ValueError("the team is a person's to decide about; a job can't")
    return by.account_id


def _why_not_person(by: Actor) -> Refusal | None:
    return None if by.account_id and by.role not in TEAM else _NOT_THEIRS


def _event(
    row: "StaffInvitation | AgreementSignature | AgreementText | StaffConsent", verb: str, practice_id: UUID | None, by: Actor,
    now: datetime, *, subject: UUID | None = None, **detail: str | int,
) -> None:  # fmt: skip
    said: Detail = detail
    record_event(
        by=by, verb=verb, object_type=row._meta.label, object_id=row.pk, subject_id=subject, practice_id=practice_id,
        detail=said, now=now,
    )  # fmt: skip


_NOT_THEIRS: Final = Refusal("not_yours", _("Only the patient decides this, or says it to the practitioner in charge."))
