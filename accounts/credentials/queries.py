"""Reads about lost credentials, for the office."""

from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from accounts.credentials.models import CredentialCut, Lost

WAITS = Q(locked=True, done_at__isnull=True, ended_at__isnull=True)


def cuts() -> QuerySet[CredentialCut]:
    """All of them with their accounts: those that wait for new credentials first, then the latest."""
    waits = ExpressionWrapper(WAITS, output_field=BooleanField())
    return CredentialCut.objects.annotate(waits=waits).select_related("user").order_by("-waits", "-at", "-pk")


def cut(cut_id: UUID) -> CredentialCut:
    """One of them. Raises CredentialCut.DoesNotExist."""
    return CredentialCut.objects.select_related("user").get(pk=cut_id)


def waiting() -> QuerySet[CredentialCut]:
    """Locked accounts whose people wait for new credentials."""
    return CredentialCut.objects.waiting()


def waiting_of(email: str) -> CredentialCut | None:
    """The case of this address that waits for new credentials."""
    return CredentialCut.objects.waiting().select_related("user").filter(user__email=email.lower()).first()


def is_locked(account_id: UUID) -> bool:
    """Whether the account was cut and waits for new credentials: no password is set and no session opened for it."""
    return CredentialCut.objects.waiting().filter(user_id=account_id).exists()


def lost_words(row: CredentialCut) -> list[str]:
    """What was lost, in words."""
    return [str(Lost(kind).label) for kind in row.lost.split(",")]
