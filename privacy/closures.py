"""Why a way out is closed, in the reader's words: one line for the public page, the office and the switch."""

from datetime import date

from django.utils.translation import gettext as _

from privacy.days import written
from privacy.subprocessors import CLOSED, Closed, closed_since, why_closed


def in_words(why: Closed, since: date | None) -> str:
    """One sentence: "Closed since 15 May 2028: the transfer has no legal mechanism."."""
    said = {"why": _(CLOSED[why]), "day": written(since) if since else ""}
    return (_("Closed since %(day)s: %(why)s.") if since else _("Closed: %(why)s.")) % said


def closure(key: str, day: date) -> str:
    """Since when and why nothing goes to a subprocessor on a day; empty while it is open."""
    why = why_closed(key, day)
    return in_words(why, closed_since(key, day)) if why else ""
