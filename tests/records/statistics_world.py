"""Practices that agree to the statistics, with visits in a quarter: plain rows, many at little cost."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import PractitionerProfile, User
from audit.actors import Actor
from care.models import Membership, Practice, Role
from care.tenancy import ALL, scope
from records.models import Consultation, PatientFile
from records.statistics import actions, rules
from records.statistics.cohort import KEY
from records.statistics.noise import Loss
from records.statistics.periods import Quarter
from records.statistics.questions import BY_PLACE, BY_SPECIALTY, Question
from tests.accounts.factories import PROFILE, make_account
from tests.consents.factories import choose, person

Q3 = Quarter(datetime(2026, 7, 1, tzinfo=UTC).date())
IN_Q3 = datetime(2026, 8, 12, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 10, 20, 4, 20, tzinfo=UTC)
BEFORE = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
BY = Actor.system("statistics")


def agree(user: User, on: bool = True, *, now: datetime = BEFORE) -> None:
    choose(person(user.pk), KEY, on, now=now)


def member(practice: Practice, role: str = Role.OWNER, specialty: str = "SM54") -> User:
    """Somebody who treats patients there."""
    user = make_account(now=BEFORE)
    PractitionerProfile.objects.create(user=user, **{**PROFILE, "specialty": specialty})
    Membership.objects.create(practice=practice, user=user, role=role, since_at=BEFORE)
    return user


def open_practice(*, agrees: bool = True, specialty: str = "SM54") -> tuple[Practice, User]:
    practice = Practice.objects.create(name="Cabinet", jurisdiction="FR", created_at=BEFORE)
    owner = member(practice, specialty=specialty)
    if agrees:
        agree(owner)
    return practice, owner


def file_of(practice: Practice, owner: User, **said: Any) -> PatientFile:
    """A patient's file, without a word in it: the statistics read none."""
    later = datetime(2046, 1, 1, tzinfo=UTC).date()
    values = {
        "created_at": BEFORE,
        "changed_at": BEFORE,
        "retain_until": later,
        "retention_rule": "PC-41",
        "active_until": later,
    }
    with scope(ALL):
        return PatientFile.objects.create(practice=practice, created_by=owner, **{**values, **said})


def visit(
    file: PatientFile, author: User, *, at: datetime = IN_Q3, status: str = "signed", kind: str = "follow_up"
) -> Consultation:
    signed = {} if status == "draft" else {"signed_at": at, "signed_by": author}
    with scope(ALL):
        return Consultation.objects.create(
            practice_id=file.practice_id, file=file, author=author, created_at=at, changed_at=at, started_at=at, kind=kind,
            status=status, **signed,
        )  # fmt: skip


def many(count: int = 12) -> list[tuple[Practice, User, PatientFile]]:
    """Practices of one patient each, seen twice in the quarter."""
    found = []
    for _ in range(count):
        practice, owner = open_practice()
        file = file_of(practice, owner)
        for kind in ("follow_up", "remote"):
            visit(file, owner, kind=kind)
        found.append((practice, owner, file))
    return found


def loud(question: Question) -> Question:
    """The question under a budget without limit: what is published is what was counted, from eleven practices on."""
    columns = tuple(replace(column, epsilon=50.0 * column.per_practice) for column in question.columns)
    return replace(question, gate_epsilon=50.0 * question.groups_per_practice, delta=0.999, columns=columns)


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publications without noise, so that a test can count."""
    without_noise(monkeypatch)


def without_noise(patch: pytest.MonkeyPatch) -> None:
    """The real questions under budgets without limit."""
    patch.setattr(actions, "QUESTIONS", (loud(BY_SPECIALTY), loud(BY_PLACE)))
    patch.setattr(rules, "CAP", Loss(1e15, 1e3))


def published(quarter: Quarter = Q3, *, now: datetime = NOW) -> dict[str, dict[str, Any]]:
    """The groups that show, by question."""
    answers = actions.publish(quarter=quarter, by=BY, now=now)
    return {one.question: {group: cells for group, cells in one.cells.items() if cells} for one in answers}
