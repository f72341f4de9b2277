"""Counting visits: one number per page and day, only after a yes, and no longer than its term (PC-110)."""

import logging
from datetime import date, datetime
from typing import Final

from django.db import DatabaseError
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse

from consents.cookies.choice import allows
from consents.cookies.models import PageCount
from privacy.clocks import add_months, legal_day

KEPT_MONTHS: Final = 25
"""Months a count stays: the most that the CNIL accepts for audience figures."""
COLUMNS: Final = frozenset({"id", "day", "page", "views"})
_log = logging.getLogger(__name__)


def page_of(request: HttpRequest, response: HttpResponse, now: datetime) -> str:
    """The name of the page to count; empty when this visit isn't counted: no yes, no page, or the office at work."""
    match = request.resolver_match
    is_page = request.method == "GET" and response.status_code == 200 and match is not None
    if not is_page or not response.headers.get("Content-Type", "").startswith("text/html"):
        return ""
    name = match.view_name if match else ""
    return name if name and not name.startswith("admin:") and allows(request, now) else ""


def count(page: str, now: datetime) -> None:
    """One more. A count that can't be written is dropped: it is worth no error."""
    row = PageCount(day=legal_day(now), page=page, views=0)
    try:
        PageCount.objects.bulk_create([row], ignore_conflicts=True)
        PageCount.objects.filter(day=row.day, page=page).update(views=F("views") + 1)
    except DatabaseError as fault:
        _log.warning("a visit could not be counted: %s", type(fault).__name__)


def past_term(now: datetime) -> QuerySet[PageCount]:
    """The counts that go."""
    return PageCount.objects.filter(day__lt=first_kept(now))


def first_kept(now: datetime) -> date:
    """The first day whose counts stay."""
    return add_months(legal_day(now), -KEPT_MONTHS)
