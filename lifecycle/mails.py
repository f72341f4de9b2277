"""Every message about the phases: one function each. Dates come in as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from accounts.mails import from_template
from accounts.models import User
from adapters.content import Link, Value

NOTICE: Final = "lifecycle.notice"
"""The occasion of everything that an account is told once (:mod:`lifecycle.notifying` keeps the book)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that an account gets once: of which kind, about what began when."""

    user: User
    since: datetime
    kind: str
    occasion: str = NOTICE
    now: datetime | None = None

    @property
    def about(self) -> list[str]:
        """What it is about, as an occasion has it."""
        return [str(self.user.pk), self.since.isoformat(), self.kind]

    def send(self, template: str, values: Mapping[str, Value]) -> None:
        """Have it sent, in the language of the account. A second call for the same does nothing."""
        from_template(
            f"lifecycle/email/{template}", self.user, values, language=self.user.language, occasion=self.occasion,
            about=self.about, dedupe=f"{self.user.pk}{word(self.since, self.kind)}", now=self.now,
        )  # fmt: skip


def word(since: datetime, kind: str) -> str:
    """What follows the account's id in the word by which the outbox knows a second message for the first."""
    return f".{kind}.{since.timestamp():.0f}"


def parsed(about: Sequence[str]) -> tuple[UUID, datetime, str]:
    """What a message is about: account, beginning, kind."""
    account_id, since, kind = about
    return UUID(account_id), datetime.fromisoformat(since), kind


def trial_ends(notice: Notice, *, last_day: date, grace_last_day: date) -> None:
    """The trial ends when ``last_day`` does; everything stays open until the end of ``grace_last_day``."""
    _send(notice, "trial_ends", last_day=last_day, grace_last_day=grace_last_day)


def grace_began(notice: Notice, *, last_day: date) -> None:
    """Trial or subscription are over; everything stays open until the end of ``last_day``."""
    _send(notice, "grace_began", last_day=last_day)


def free_listing_began(notice: Notice, *, since: date) -> None:
    """Care has been closed since ``since``; everything is kept."""
    _send(notice, "free_listing_began", since=since)


def _send(notice: Notice, template: str, **dates: date) -> None:
    notice.send(template, {**dates, "address": Link.to("lifecycle:subscription")})
