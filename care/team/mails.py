"""What the team is sent: never a patient's name, never health."""

from datetime import datetime
from uuid import UUID

from accounts.mails import from_template
from accounts.models import User
from accounts.queries import language_of
from adapters.content import Code, Link, Name, Value


def emergency(*, user: User, file_id: UUID, at: datetime, until: datetime) -> None:
    """To who treats the patient: a file was opened in an emergency. Names its number's end, nothing else."""
    link = Link.to("records:clock", file_id)
    values: dict[str, Value] = {"end": Code(str(file_id)[-6:]), "at": at, "until": until, "link": link}
    from_template("care/email/emergency", user, values, language=user.language)


def invitation(*, to: str, practice: str, role: str, token: str, until: datetime) -> None:
    """The link with which somebody joins the team of a practice."""
    values: dict[str, Value] = {
        "practice": Name.short(practice), "role": Name.short(role), "link": Link.to("care:join", token), "until": until,
    }  # fmt: skip
    from_template("care/email/invitation", to, values, language=language_of(to))
