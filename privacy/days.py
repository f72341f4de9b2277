"""Days written out for people, with the reader's own word for the first of a month."""

import re
from datetime import date
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import pgettext

_FIRST: Final = re.compile(r"^1(?= )")


def written(day: date, form: str = "DATE_FORMAT") -> str:
    """``day``, or a moment with ``form`` "DATETIME_FORMAT", in the reader's language: 1 May 2026, 1er mai 2026."""
    return _FIRST.sub(pgettext("first day of a month, before its name", "1"), date_format(day, form))
