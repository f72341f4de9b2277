"""What opens a file to somebody who doesn't treat its patient: the team's right, and the patient's consent (MD-42)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from audit.actors import Actor
from care.models import Membership, StaffConsent
from care.queries import practice_of
from care.roles import RECIPIENTS, TEAM, Emergency, Recipient, Right, Way
from care.team.reach import READING
from privacy.purposes import Purpose
from records.access import ACCESS
from records.clock import birth_words
from records.emergency import acting, files_of_colleagues, running_for
from records.fields import CONTACT, IDENTITY, LABELS, SEXES
from records.models import PatientFile
from records.queries import in_daily_use
from records.reading import Part
from records.restriction.queries import IS_RESTRICTED
from records.search import query_tokens
from vault import access


class Depth(StrEnum):
    """How far a file is open to a member of the team."""

    IDENTITY = "identity"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Opening:
    """A file as it is open to somebody who doesn't treat its patient, and the actor that the journal names."""

    file: PatientFile
    depth: Depth
    actor: Actor
    role: type[Recipient]
    until: datetime | None = None
    """When an emergency opening ends."""

    def allows(self, page: str, method: str | None) -> bool:
        """Whether this page of the file is open, for reading or for writing."""
        right = ACCESS[page].right
        if not right or (right != Right.IDENTITY and self.depth is Depth.IDENTITY):
            return False
        needs = Right.WRITE if right == Right.CONTENT and method not in READING else Right(right)
        return self.role.may(needs)


def agenda_files(user: User, now: datetime) -> QuerySet[PatientFile]:
    """The files in daily use of the practices in whose team ``user`` works: who comes here, not what they have."""
    team = Membership.objects.live().filter(user=user, role__in=TEAM).values("practice_id")
    mine = (
        PatientFile.objects.filter(practice_id__in=team, leaving_at=None)
        .filter(in_daily_use(now))
        .exclude(IS_RESTRICTED)
    )
    return mine.select_related("practice").order_by("-changed_at", "pk")


def search_agenda(user: User, text: str, now: datetime) -> QuerySet[PatientFile]:
    """Those of them that every word of ``text`` fits."""
    practice = practice_of(user)
    tokens = query_tokens(practice.pk, text) if practice else []
    files = agenda_files(user, now)
    return (
        files.filter(practice_id=practice.pk, search_tokens__contains=tokens) if practice and tokens else files.none()
    )


def opening_for(user: User, by: Actor, file_id: UUID, now: datetime) -> Opening | None:
    """How far the file is open to somebody who doesn't treat its patient; None to a stranger.

    The patient's consent comes first, then an emergency's hour, then what the role sees of everybody.
    """
    team = _by_role(user, by, file_id, now)
    if team and team.depth is Depth.CONTENT:
        return team
    return _in_emergency(user, by, file_id, now) or team


def _in_emergency(user: User, by: Actor, file_id: UUID, now: datetime) -> Opening | None:
    row = running_for(user, file_id, now)
    file = files_of_colleagues(user, now).filter(pk=file_id).first() if row else None
    return Opening(file, Depth.CONTENT, acting(by, row), Emergency, row.until) if row and file else None


def _by_role(user: User, by: Actor, file_id: UUID, now: datetime) -> Opening | None:
    role = RECIPIENTS.get(by.role)
    if role is None or by.role not in TEAM or not role.may(Right.IDENTITY):
        return None
    agreed = Exists(StaffConsent.objects.live().filter(file_id=OuterRef("pk"), practice_id=OuterRef("practice_id")))
    file = agenda_files(user, now).annotate(team_let_in=agreed).filter(pk=file_id).first()
    if file is None:
        return None
    content = role.may(Right.CONTENT) and Way.CONSENT in role.ways and file.team_let_in
    return Opening(file, Depth.CONTENT if content else Depth.IDENTITY, by, role)


def identity_lines(file: PatientFile, *, by: Actor, now: datetime) -> list[tuple[object, object]]:
    """Labels and texts of identity and contact: what the team sees without a consent. Journaled as exactly that."""
    handle = access.open(
        file.pk, by=by, purpose=Purpose.CARE, part=Part.IDENTITY.value, practice_id=file.practice_id, now=now
    )
    texts = {name: handle.read(file, name) or "" for name in (*IDENTITY, *CONTACT)}
    texts["birth_date"] = birth_words(texts["birth_date"])
    texts["sex"] = str(SEXES.get(texts["sex"], texts["sex"]))
    return [(LABELS[name], texts[name]) for name in (*IDENTITY, *CONTACT) if texts[name]]
