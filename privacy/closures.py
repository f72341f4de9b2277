"""Why a way out is closed, in the reader's words: one line for the public page, the office and the switch."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from privacy.days import written
from privacy.subprocessors import CLOSED, Closed, RegisterVersion, closed_since, counted, why_closed


def in_words(why: Closed, since: date | None) -> str:
    """One sentence: "Closed since 15 May 2028: the transfer has no legal mechanism."."""
    said = {"why": _(CLOSED[why]), "day": written(since) if since else ""}
    return (_("Closed since %(day)s: %(why)s.") if since else _("Closed: %(why)s.")) % said


def closure(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> str:
    """Since when and why nothing goes to a subprocessor on a day, by the versions that count; empty while it is open."""
    every = counted() if versions is None else versions
    why = why_closed(key, day, every)
    return in_words(why, closed_since(key, day, every)) if why else ""
