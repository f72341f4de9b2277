"""The notice of a breach: what happened and what to do, no word of health (Art. 34(2))."""

from datetime import datetime
from typing import Final
from uuid import UUID

from accounts.mails import from_template
from accounts.models import User
from adapters.content import Link, Name, Value

OCCASION: Final = "lifecycle.breach"


def notice(notice_id: UUID, *, whom: str, to: User | str, language: str, aware_at: datetime) -> None:
    """One message to one person, once; ``whom`` says in which way the breach touches them."""
    values: dict[str, Value] = {"whom": Name(whom), "aware_at": aware_at, "login_url": Link.to("account_login")}
    from_template(
        "lifecycle/email/breach", to, values, language=language, occasion=OCCASION, about=[str(notice_id)],
        dedupe=f"breach.{notice_id}",
    )  # fmt: skip
