"""Reads about patients' accounts."""

from uuid import UUID

from accounts.models import PatientProfile


def is_patient(account_id: UUID) -> bool:
    """Whether the account has a patient's side."""
    return PatientProfile.objects.filter(pk=account_id).exists()
