"""The messages about an export: that it is ready, or that it failed. No word of what is in it."""

from datetime import datetime

from accounts.mails import from_template
from adapters.content import Link
from gdpr_requests.desk import mails as desk
from gdpr_requests.export.queries import after_a_death, request_of
from gdpr_requests.export.scopes import OF_PATIENTS
from gdpr_requests.models.exports import Export


def ready(export: Export, *, expires_at: datetime) -> None:
    """It can be downloaded until ``expires_at``; without an account the desk learns that it may be handed over."""
    _to(export, "export_ready", expires_at=expires_at)


def failed(export: Export) -> None:
    """It couldn't be made, after several attempts."""
    _to(export, "export_failed")


def _to(export: Export, name: str, **values: datetime) -> None:
    """To the account's holder; to the desk where there is nobody who could fetch it, and nobody is left to read it."""
    user = export.account
    if user is None or after_a_death(export):
        desk.archive(request_of(export), name)
        return
    page = "patient_privacy:export" if export.scope in OF_PATIENTS else "gdpr:export"
    from_template(f"gdpr/email/{name}", user, {**values, "address": Link.to(page)}, language=user.language)
