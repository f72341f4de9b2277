"""When a link ends by itself, and what a corrected birth date moves."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from audit.actors import Actor
from care.models import Capacity, Invitation
from care.portal.actions import move_end
from care.portal.ages import MAJORITY, turns
from care.queries import links_to
from privacy.clocks import start_of
from records.clock import jurisdiction_of, parse_birth_date
from records.models import PatientFile


def majority_of(file: PatientFile, born: date) -> datetime:
    """The first moment at which the patient is of age, where the practice is."""
    return start_of(turns(MAJORITY, born), jurisdiction_of(file))


def link_end(invitation: Invitation, file: PatientFile, held: Mapping[str, str | None]) -> datetime | None:
    """A proxy's as was said, a guardian's when the patient comes of age, the patient's own never."""
    born = parse_birth_date(held["birth_date"])
    if invitation.capacity != Capacity.GUARDIAN or born is None:
        return invitation.link_until
    return majority_of(file, born)


@transaction.atomic
def follow_birth_date(*, file: PatientFile, birth_date: str | None, by: Actor, now: datetime) -> int:
    """After a correction of the birth date guardians' links end on the new 18th birthday. Returns how many moved."""
    born, moved = parse_birth_date(birth_date), 0
    for link in links_to(file.pk, now).filter(capacity=Capacity.GUARDIAN).select_for_update():
        moved += move_end(link=link, until=max(majority_of(file, born) if born else now, now), by=by, now=now)
    return moved
