"""What the team is sent: never a patient's name, never health."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts.mails import from_template
from accounts.models import User
from accounts.queries import language_of


def emergency(*, user: User, file_id: UUID, at: datetime, until: datetime) -> None:
    """To who treats the patient: a file was opened in an emergency. Names its number's end, nothing else."""
    link = settings.SITE_URL + reverse("records:clock", args=[file_id])
    values = {"end": str(file_id)[-6:], "at": at, "until": until, "link": link}
    from_template("care/email/emergency", user, values, language=user.language)


def invitation(*, to: str, practice: str, role: str, token: str, until: datetime) -> None:
    """The link with which somebody joins the team of a practice."""
    link = settings.SITE_URL + reverse("care:join", args=[token])
    values = {"practice": practice, "role": role, "link": link, "until": until}
    from_template("care/email/invitation", to, values, language=language_of(to))
