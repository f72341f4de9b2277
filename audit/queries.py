"""Reads of the journals, always about a person, a practice or an account."""

from uuid import UUID

from django.db.models import QuerySet

from audit.models import AccessEntry, EventEntry, SecurityEntry


def access_of(*, subject_id: UUID) -> QuerySet[AccessEntry]:
    """Who saw what of one file, newest first (PC-70)."""
    return AccessEntry.objects.filter(subject_id=subject_id).order_by("-at", "-id")


def accesses_by_practice(*, practice_id: UUID) -> QuerySet[AccessEntry]:
    """All openings in one practice, newest first."""
    return AccessEntry.objects.filter(practice_id=practice_id).order_by("-at", "-id")


def accesses_by_account(*, account_id: UUID) -> QuerySet[AccessEntry]:
    """What one account opened, newest first."""
    return AccessEntry.objects.filter(actor_id=account_id).order_by("-at", "-id")


def security_events(*, account_id: UUID) -> QuerySet[SecurityEntry]:
    """Logins, factors and lock-outs of one account, newest first."""
    return SecurityEntry.objects.filter(account_id=account_id).order_by("-at", "-id")


def events_of(*, subject_id: UUID) -> QuerySet[EventEntry]:
    """Creations, changes and deletions in one file, newest first."""
    return EventEntry.objects.filter(subject_id=subject_id).order_by("-at", "-id")


def events_by_practice(*, practice_id: UUID) -> QuerySet[EventEntry]:
    """Creations, changes and deletions in one practice, newest first."""
    return EventEntry.objects.filter(practice_id=practice_id).order_by("-at", "-id")
