"""The same deletion on two sets of pages: a practitioner's and a patient's. Which one is an account's is said by its contract."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from lifecycle.models import SubscriptionEvent


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a kind of account reads, asks for, gives up the wait of and withdraws its deletion; ``base``: around the pages."""

    base: str
    template: str
    page: str
    confirm: str
    waive: str
    withdraw: str
    patient: bool = False


PRACTITIONER: Final = Frame(
    "gdpr/base.html", "lifecycle/deletion/deletion.html", "lifecycle:deletion", "lifecycle:deletion_confirm",
    "lifecycle:deletion_waive", "lifecycle:deletion_withdraw",
)  # fmt: skip
PATIENT: Final = Frame(
    "patient_privacy/base.html", "lifecycle/deletion/closing.html", "lifecycle:closing", "lifecycle:closing_confirm",
    "lifecycle:closing_waive", "lifecycle:closing_withdraw", patient=True,
)  # fmt: skip


def is_contracted(account_id: UUID) -> bool:
    """Whether the account has, or had, a practitioner's contract."""
    return SubscriptionEvent.objects.filter(account_id=account_id).exists()


def frame_of(account_id: UUID) -> Frame:
    """The pages of this account; one that is both is a practitioner's, as its contract ends with it."""
    return PRACTITIONER if is_contracted(account_id) else PATIENT
