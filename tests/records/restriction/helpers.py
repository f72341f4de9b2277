"""Restricting files in tests, by the real actions."""

from datetime import datetime
from uuid import UUID

from django.test import TestCase

from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from records.models import PatientFile, RestrictedOpening, Restriction
from records.restriction import actions
from tests.records.factories import NOW, actor_of

BY = Actor.operations("test")


def restrict(
    file: PatientFile, *, ground: str = "accuracy", now: datetime = NOW, request_id: UUID | None = None, note: str = ""
) -> Restriction:
    """Committed, and the key follows."""
    with TestCase.captureOnCommitCallbacks(execute=True), scope(ALL):
        return actions.restrict(file_id=file.pk, ground=ground, by=BY, now=now, request_id=request_id, note=note)


def tell(row: Restriction, *, how: str = "wish", now: datetime = NOW) -> Restriction:
    with scope(ALL):
        return actions.tell(restriction_id=row.pk, how=how, by=BY, now=now)


def lift(row: Restriction, *, why: str = "checked", now: datetime = NOW) -> Restriction:
    with TestCase.captureOnCommitCallbacks(execute=True), scope(ALL):
        return actions.lift(restriction_id=row.pk, why=why, by=BY, now=now)


def read(file: PatientFile, user: User, *, now: datetime = NOW) -> RestrictedOpening:
    with scope(ALL):
        return actions.read(file_id=file.pk, ground="claims", why="Case 26/0123", by=actor_of(user), now=now)
