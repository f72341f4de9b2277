"""What is promised about cookies, tried on visits made up for it and read from the table of counts (PC-110, MD-60, MD-61)."""

import re
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import resolve, reverse

from consents.cookies import audience, choice
from consents.cookies.middleware import Cookies
from consents.cookies.models import PageCount
from consents.cookies.register import CHOICE, Category, register
from privacy.clocks import add_months, legal_day, start_of
from privacy.promises import Measure, promise

TESTS: Final = "tests/consents/cookies/test_promises.py"
BUTTON: Final = re.compile(r'<button class="([^"]*)" type="submit" name="choice" value="(yes|no)"')
NAME: Final = r"^[a-z_]+(:[a-z_]+)?$"
PATIENCE: Final = timedelta(days=2)
"""How long a sweep may be late before the promise counts as broken."""


@promise("PC-110", checked_by=TESTS)
def nothing_but_essential_before_a_yes(now: datetime) -> Measure:
    """No visit without a yes that holds is counted; a no is as easy as a yes; counts name nobody and leave at their term."""
    today, long_ago = legal_day(now), add_months(legal_day(now), -choice.CEILING)
    yes = choice.value_of(yes=True, on=today)
    uncounted = {
        "no_choice": _visit(""), "refused": _visit(choice.value_of(yes=False, on=today)), "forged": _visit(yes[:-1] + "!"),
        "over": _visit(choice.value_of(yes=True, on=long_ago)), "browser_objects": _visit(yes, HTTP_SEC_GPC="1"),
    }  # fmt: skip
    counted = sorted(name for name, visit in uncounted.items() if _counts(visit, now))
    buttons = BUTTON.findall(render_to_string("cookies/buttons.html"))
    figures = {
        "cookies_beyond_the_essential": [one.name for one in register() if one.category is not Category.ESSENTIAL],
        "counted_without_a_yes": counted,
        "counted_after_a_yes": _counts(_visit(yes), now),
        "buttons_alike": len({look for look, _ in buttons}) == 1 and {said for _, said in buttons} == {"yes", "no"},
        "columns_beyond_day_page_and_number": sorted(_columns() - audience.COLUMNS),
        "counts": PageCount.objects.count(),
        "counts_that_name_no_page": PageCount.objects.exclude(page__regex=NAME).count(),
        "counts_past_their_term": audience.past_term(now - PATIENCE).count(),
    }
    wrong = ("cookies_beyond_the_essential", "counted_without_a_yes", "columns_beyond_day_page_and_number",
             "counts_that_name_no_page", "counts_past_their_term")  # fmt: skip
    return Measure(not any(figures[name] for name in wrong) and bool(figures["buttons_alike"]), figures)


@promise("MD-60", checked_by=TESTS)
def every_cookie_is_in_the_list(now: datetime) -> Measure:
    """The settings' own cookies are listed with all four particulars, and one that isn't listed is struck at the edge."""
    known = {one.name for one in register()}
    ours = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, CHOICE}
    vague = [one.name for one in register() if not (str(one.function) and one.category and str(one.lasts))]
    stands = f"{Cookies.__module__}.{Cookies.__qualname__}" in settings.MIDDLEWARE
    figures = {
        "cookies_listed": len(known), "cookies_missing": sorted(ours - known), "cookies_without_particulars": vague,
        "edge_stands": stands, "unlisted_cookies_that_pass": _passing(),
    }  # fmt: skip
    return Measure(stands and not (ours - known or vague or figures["unlisted_cookies_that_pass"]), figures)


@promise("MD-61", checked_by=TESTS)
def choices_are_asked_again_in_time(now: datetime) -> Measure:
    """A choice kept now ends within 13 months, in the browser and on our side, however long the setting says."""
    answer, today = HttpResponse(), legal_day(now)
    choice.keep(answer, yes=True, now=now)
    lives = int(answer.cookies[CHOICE]["max-age"])
    ceiling = start_of(add_months(today, choice.CEILING))
    honoured = choice.of(_visit(choice.value_of(yes=True, on=_day_before(today))), now) is not None
    figures = {
        "months_set": settings.COOKIE_CHOICE_MONTHS, "months_at_most": choice.CEILING,
        "ends_at": (now + timedelta(seconds=lives)).isoformat(), "honoured_beyond_the_ceiling": honoured,
    }  # fmt: skip
    within = 1 <= settings.COOKIE_CHOICE_MONTHS <= choice.CEILING
    return Measure(within and not honoured and now + timedelta(seconds=lives) <= ceiling, figures)


def _day_before(today: date) -> date:
    """The youngest day whose 13 months are over."""
    return add_months(today, -choice.CEILING)


def _visit(value: str, **headers: str) -> HttpRequest:
    """A page opened with this choice."""
    request = HttpRequest()
    request.method, request.COOKIES[CHOICE] = "GET", value
    request.META.update(headers)
    request.resolver_match = resolve(reverse("consents:cookies"))
    return request


def _counts(visit: HttpRequest, now: datetime) -> bool:
    return bool(audience.page_of(visit, HttpResponse(), now))


def _columns() -> set[str]:
    """The columns that PostgreSQL has, whatever the model says."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, PageCount._meta.db_table)
    return {str(column.name) for column in found}


def _passing() -> list[str]:
    """Cookies that the edge lets through though they aren't listed, or live too long."""

    def view(request: HttpRequest) -> HttpResponse:
        answer = HttpResponse()
        answer.set_cookie("_ga", "1")
        answer.set_cookie(settings.CSRF_COOKIE_NAME, "1", max_age=10 * 366 * 86_400)
        return answer

    return sorted(Cookies(view)(HttpRequest()).cookies)
