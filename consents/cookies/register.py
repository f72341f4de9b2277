"""Every cookie of the house: what isn't here is never sent (MD-60). A test holds the list against what the pages set."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http.cookies import Morsel

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHOICE = "cookie-choice"


class Category(StrEnum):
    """What a cookie is for: only the essential may be set without a choice (Art. 82 of the French Data Protection Act)."""

    ESSENTIAL = "essential"
    AUDIENCE = "audience"


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie: its name, what it does, and how long it lives; ``seconds`` is None for one that ends with the browser."""

    name: str
    function: str | Promise
    category: Category
    lasts: str | Promise
    seconds: int | None = None


def register() -> list[Cookie]:
    """All of them, under the names in force here."""
    year = settings.CSRF_COOKIE_AGE
    return [
        Cookie(settings.SESSION_COOKIE_NAME, _("Knows you are signed in, or on your way through a form."), Category.ESSENTIAL,
               _("until you close the browser; on our side 12 hours at most")),
        Cookie(settings.CSRF_COOKIE_NAME, _("Proves that a form you send was opened on our page, not on somebody else's."),
               Category.ESSENTIAL, _("one year"), year),
        Cookie(settings.LANGUAGE_COOKIE_NAME, _("Remembers the language you chose."), Category.ESSENTIAL,
               _("until you close the browser")),
        Cookie("messages", _("Carries one message, such as “Saved.”, to the next page."), Category.ESSENTIAL,
               _("until the next page")),
        Cookie(CHOICE, _("Remembers your answer about counting visits, a yes as long as a no."), Category.ESSENTIAL,
               _("until we ask again, 13 months at most"), 366 * 86_400 + 31 * 86_400),
    ]  # fmt: skip


def undeclared(set_now: Iterable["Morsel[str]"]) -> list[str]:
    """Names that an answer wants to set and the register doesn't know, or that would live longer than it says."""
    known = {cookie.name: cookie for cookie in register()}
    return sorted(one.key for one in set_now if one.key not in known or _too_long(one, known[one.key]))


def _too_long(one: "Morsel[str]", cookie: Cookie) -> bool:
    """Whether it would outlive its entry; one that is being removed never does."""
    if str(one["max-age"]) == "0":
        return False
    if cookie.seconds is None:
        return bool(one["max-age"] or one["expires"])
    return not str(one["max-age"]).isdigit() or int(one["max-age"]) > cookie.seconds


def notice() -> str:
    """The address of what is asked and listed: when it changes, everybody is asked again."""
    said = "\n".join(f"{cookie.name} {cookie.category} {cookie.seconds}" for cookie in register())
    return sha256(f"daily counts of pages\n{said}".encode()).hexdigest()[:12]
