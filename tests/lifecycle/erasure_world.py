"""A practitioner with files at chosen ages, and a colleague in the same practice."""

from datetime import UTC, date, datetime

from accounts.models import User
from audit.actors import Actor
from care.actions import begin_care, join_practice
from care.models import Practice, Role
from care.queries import practice_of
from care.tenancy import ALL, scope
from lifecycle.holds.actions import place_hold
from lifecycle.models import Hold
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.records.factories import make_consultation, make_file

OPENED = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
LONG_BEFORE = datetime(2005, 3, 1, 9, 0, tzinfo=UTC)
BY = Actor.operations("test")


def practice(user: User) -> Practice:
    """The practice the practitioner works in."""
    found = practice_of(user)
    assert found is not None
    return found


def old_file(user: User, at: datetime = LONG_BEFORE) -> PatientFile:
    """A file whose 20 years are over: opened, and a signed consultation, in March 2005."""
    file = make_file(user, now=at, birth_date="1960-01-01")
    make_consultation(file, user, at=at, signed=True)
    return refreshed(file)


def young_file(user: User) -> PatientFile:
    """A file in its term, with a signed consultation of now."""
    file = make_file(user, now=OPENED, birth_date="1960-01-01")
    make_consultation(file, user, at=OPENED, signed=True)
    return refreshed(file)


def refreshed(file: PatientFile) -> PatientFile:
    """The file as it is stored now."""
    with scope(ALL):
        return PatientFile.objects.select_related("practice").get(pk=file.pk)


def hold(file: PatientFile, now: datetime = OPENED) -> Hold:
    """A claim on the file."""
    with scope(ALL):
        return place_hold(
            file_id=file.pk, ground="claim", case="RG 26/1", why="asked", review_on=date(2027, 3, 1), by=BY, now=now
        )


def colleague_of(user: User, *, treats: PatientFile | None = None) -> User:
    """Another practitioner who joined the practice, and treats one of its patients."""
    other = make_practitioner(now=OPENED)
    with scope(ALL):
        join_practice(practice=practice(user), user=other, role=Role.PRACTITIONER, by=BY, now=OPENED)
        if treats is not None:
            begin_care(
                practice_id=treats.practice_id, practitioner_id=other.pk, patient_id=treats.pk, by=BY, now=OPENED
            )
    return other
