"""The visitor's answer, kept in an essential cookie of their own: a yes, a no, or nothing yet (MD-61).

The day and the notice stand inside it, signed, so that the term is counted here and not by the browser. A browser that sends
"do not track" or the Global Privacy Control has said no.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from consents.cookies.register import CHOICE, notice
from privacy.clocks import add_months, legal_day, start_of

CEILING: Final = 13
"""Months after which a choice is asked again at the latest (MD-61)."""
SALT: Final = "consents.cookies.choice"
SIGNALS: Final = ("Sec-GPC", "DNT")


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that holds now."""

    yes: bool
    on: date
    until: datetime


def term() -> int:
    """Months a choice holds: the setting, and never above the ceiling."""
    return min(int(settings.COOKIE_CHOICE_MONTHS), CEILING)


def of(request: HttpRequest, now: datetime) -> Choice | None:
    """The choice this request brings; None when there is none, it is over, or something else was asked then."""
    try:
        said, day, asked = signing.Signer(salt=SALT).unsign(request.COOKIES.get(CHOICE, "")).split("|")
        on = date.fromisoformat(day)
    except (signing.BadSignature, ValueError):
        return None
    until = ends(on)
    if asked != notice() or not on <= legal_day(now) or now >= until:
        return None
    return Choice(said == "yes", on, until)


def ends(on: date) -> datetime:
    """The instant at which a choice of that day is asked again."""
    return start_of(add_months(on, term()))


def objects(request: HttpRequest) -> bool:
    """Whether the browser says no for its owner."""
    return any(request.headers.get(signal) == "1" for signal in SIGNALS)


def asks(request: HttpRequest, now: datetime) -> bool:
    """Whether the question is to be put: nobody answered it yet."""
    return not objects(request) and of(request, now) is None


def allows(request: HttpRequest, now: datetime) -> bool:
    """Whether this visit may be counted: after a yes that holds, and never against the browser's no."""
    known = of(request, now)
    return known is not None and known.yes and not objects(request)


def keep(response: HttpResponse, *, yes: bool, now: datetime) -> None:
    """Put the answer into its cookie. A yes and a no live as long."""
    day = legal_day(now)
    response.set_cookie(
        CHOICE, value_of(yes=yes, on=day), max_age=int((ends(day) - now).total_seconds()), httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def value_of(*, yes: bool, on: date) -> str:
    """What the cookie holds: the answer, its day and what was asked, signed."""
    return signing.Signer(salt=SALT).sign(f"{'yes' if yes else 'no'}|{on.isoformat()}|{notice()}")
