"""Who may be in a training set, when one may be built, and when its file may be opened (PC-21)."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from care.models import Capacity, Membership, Role
from care.portal.ages import is_of_age
from care.tenancy import ALL, scope
from consents.grants import NoGrant, PatientGrant, patient_grant_for
from consents.queries import live_among
from privacy.patient_keys import AI_TRAINING
from privacy.refusals import Refusal, Refused
from records.clock import parse_birth_date
from records.models import EndReason, TrainingBuild, TrainingMember
from vault import rings

SLOT: Final = "ai_training_optin"
"""The practitioner's lock; :data:`~privacy.patient_keys.AI_TRAINING` is the patient's."""
VERSION: Final = 1
"""Of the rules by which names are taken out; a set names the one it was built by."""
LEAST: Final = 11
"""Patients of a set at least, and patients whose texts have a word with a capital letter before it may stay."""
KEPT: Final = timedelta(days=90)
"""How long a set's file is kept at most."""

OWNER: Final = Refusal("owner", _("Not everybody who owns the practice has agreed to it."))
NO_MEMBER: Final = Refusal("no_member", _("This practitioner doesn't work in the practice any more."))
UNDER_WAY: Final = Refusal(
    "under_way", _("A set is being built, or a withdrawal is being carried out: try again in a minute.")
)
ENDED: Final = Refusal("ended", _("The file of this set was destroyed."))
LEFT: Final = Refusal(
    "left", _("Somebody in this set has left it: its file is destroyed, and opened by nobody until then.")
)


class Out(StrEnum):
    """Why a file stays out that both locks would let in."""

    DEAD = "dead"
    AGE_UNKNOWN = "age_unknown"
    MINOR = "minor"
    SHUT = "shut"
    NO_TEXT = "no_text"
    CHANGED = "changed"
    """A lock was closed between the reading and the keeping."""


def grant_of(file_id: UUID, practice_id: UUID, author_id: UUID, *, now: datetime) -> PatientGrant:
    """The right to put this author's texts about this patient into a set, in the scope of all practices. Raises NoGrant.

    Both locks: the patient's own consent; and the practice's, which is that of the author and of everybody who owns it.
    """
    members = Membership.objects.live().practising().filter(practice_id=practice_id, user__is_active=True)
    if not members.filter(user_id=author_id).exists():
        raise NoGrant(NO_MEMBER)
    owners = set(members.filter(role=Role.OWNER).values_list("user_id", flat=True))
    if not owners or owners - live_among(owners, SLOT, now=now):
        raise NoGrant(OWNER)
    return patient_grant_for(file_id, AI_TRAINING, subject_id=author_id, slot=SLOT, now=now)


def why_out(*, born: str | None, died_on: str | None, authority: str, today: date) -> Out | None:
    """Why this patient isn't in any set, whoever agreed: dead, of an unknown age, or a child whose guardian didn't say it."""
    if died_on:
        return Out.DEAD
    birthday = parse_birth_date(born)
    if birthday is None:
        return Out.AGE_UNKNOWN
    return Out.MINOR if not is_of_age(birthday, today) and authority != Capacity.GUARDIAN else None


def why_too_few(patients: int) -> Refusal | None:
    """A set of fewer than eleven patients isn't kept."""
    if patients >= LEAST:
        return None
    message = _("Only %(n)d patients could be in this set, and it needs %(least)d. Nothing was kept.")
    return Refusal("too_few", message % {"n": patients, "least": LEAST})


def why_over(build: TrainingBuild, now: datetime) -> EndReason | None:
    """Why the file of a set has to go, or None: whoever is in it is asked for anew, each time."""
    if now >= build.expires_at:
        return EndReason.EXPIRED
    if TrainingBuild.objects.filter(number__gt=build.number).exists():
        return EndReason.REPLACED
    with scope(ALL):
        members = list(build.members.all())
        if len(members) < build.counts["members"] or rings.dead([build.pk]):
            return EndReason.LOST
        return None if all(still_in(member, now) for member in members) else EndReason.LEFT


def why_not_open(build: TrainingBuild, now: datetime) -> Refusal | None:
    """Why the file of a set stays closed: from the moment on at which it has to go, whether or not it went yet."""
    if hasattr(build, "end"):
        return ENDED
    over = why_over(build, now)
    return None if over is None else LEFT if over is EndReason.LEFT else ENDED


def still_in(member: TrainingMember, now: datetime) -> bool:
    """Whether this member hasn't left, and both locks are open; in the scope of all practices."""
    if member.left_at is not None:
        return False
    try:
        grant_of(member.file_id, member.practice_id, member.author_id, now=now)
    except Refused:
        return False
    return True
