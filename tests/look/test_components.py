"""The pieces that compute something: the clock line, days in words, the switch, the pager, titles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import Context, RequestContext, Template
from django.template.exceptions import TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from praticonnect.clock_line import ClockLine
from praticonnect.templatetags import ui_words

TODAY = date(2026, 11, 18)


@dataclass(frozen=True)
class Hold:
    label: str
    since: date
    until: date | None


def clock(**changes: object) -> ClockLine:
    """A clock of 100 days, half spent."""
    values = {"start": date(2026, 9, 29), "today": TODAY, "end": date(2027, 1, 7), "label": "File"}
    return ClockLine(**(values | changes))


def render(source: str, **context: object) -> str:
    request = context.pop("request", None)
    kind = (
        RequestContext(request, context)
        if isinstance(request, HttpRequest)
        else Context(context | {"request": request})
    )
    return Template("{% load ui %}" + source).render(kind)


def test_clock_line_places_start_today_and_end() -> None:
    assert (clock().x_start, clock().x_today, clock().x_end) == ("1.00%", "50.00%", "99.00%")


def test_clock_line_is_mirrored_right_to_left() -> None:
    with translation.override("he"):
        assert (clock().x_start, clock().x_today, clock().x_end) == ("99.00%", "50.00%", "1.00%")


def test_clock_line_that_has_ended_says_so_and_shows_today_last() -> None:
    over = clock(end=date(2026, 10, 18))
    assert (over.over, over.x_today) == (True, "99.00%")
    assert [row.name for row in over.rows] == ["Start", "End", "Today"]
    assert over.remaining == "Ended on 18 October 2026"


def test_clock_line_says_when_it_ends() -> None:
    assert clock().remaining == "Ends on 7 January 2027, in 1\xa0month"


def test_clock_line_under_hold_says_that_nothing_leaves() -> None:
    held = clock(held=(Hold("Complaint", date(2026, 11, 1), None),))
    assert held.remaining == "Held: nothing leaves while the hold lasts"
    assert held.rows[-1].why == "Complaint"
    assert held.rows[-1].day == "1 November 2026 until it is lifted"
    assert len(held.holds) == 1


def test_clock_line_with_a_lifted_hold_runs_on() -> None:
    assert clock(held=(Hold("Complaint", date(2026, 10, 1), date(2026, 10, 9)),)).is_held is False


@pytest.mark.parametrize(
    ("active_until", "names", "archived"),
    [
        (date(2026, 12, 1), ["Start", "Today", "Archive", "End"], False),
        (TODAY, ["Start", "Today", "Archive", "End"], False),
        (date(2026, 11, 17), ["Start", "Archive", "Today", "End"], True),
        (date(2027, 1, 7), ["Start", "Today", "End"], False),
        (None, ["Start", "Today", "End"], False),
    ],
)
def test_clock_line_shows_the_archive_in_the_order_of_time(
    active_until: date | None, names: list[str], archived: bool
) -> None:
    line = clock(active_until=active_until)
    assert ([row.name for row in line.rows], line.is_archived) == (names, archived)


def test_clock_line_says_from_which_day_it_is_archived() -> None:
    line = clock(active_until=date(2026, 12, 12))
    assert (line.x_archive, line.rows[2].day) == ("74.50%", "from 13 December 2026")


def test_archived_clock_that_has_ended_shows_today_last() -> None:
    over = clock(active_until=date(2026, 10, 1), end=date(2026, 10, 18))
    assert ([row.name for row in over.rows], over.is_archived) == (["Start", "Archive", "End", "Today"], False)


def test_clock_line_draws_by_attributes_and_repeats_it_as_a_table() -> None:
    html = render(
        "{% clock_line start=s today=t end=e label='A file' end_why='Art. R1112-7 CSP' %}",
        s=date(2026, 9, 29),
        t=TODAY,
        e=date(2027, 1, 7),
    )
    assert "style=" not in html
    assert 'aria-label="A file; Start: 29 September 2026; Today: 18 November 2026; End: 7 January 2027"' in html
    assert re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", html)[-3:] == ["End", "7 January 2027", "Art. R1112-7 CSP"]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 18), "today"),
        (date(2026, 11, 19), "tomorrow"),
        (date(2026, 11, 17), "yesterday"),
        (date(2026, 11, 23), "Monday 23 November 2026"),
        (date(2026, 11, 25), "25 November 2026"),
    ],
)
def test_day_in_words_names_what_is_near(day: date, words: str) -> None:
    assert ui_words.day_in_words(day, TODAY) == words


def test_moment_uses_the_clock_of_the_request(now: datetime) -> None:
    html = render("{% moment when %}", when=now, request=SimpleNamespace(now=now))
    assert html == '<time datetime="2026-11-18T12:00:00+01:00">today at 12:00</time>'


@pytest.mark.parametrize(
    ("on", "checked", "posts"), [(True, "true", "no"), (False, "false", "yes"), (None, "false", "yes")]
)
def test_switch_row_posts_the_other_state(on: bool | None, checked: str, posts: str) -> None:
    html = render("{% switch_row key='analytics_product' name='Figures' effect='We count.' on=on action='/x' %}", on=on)
    assert f'role="switch" aria-checked="{checked}"' in html
    assert f'<input type="hidden" name="on" value="{posts}">' in html


def test_switch_row_sends_the_csrf_token() -> None:
    html = render("{% switch_row key='a' name='A' effect='B' %}", csrf_token="token-of-the-page")
    assert 'name="csrfmiddlewaretoken" value="token-of-the-page"' in html


def test_locked_switch_row_has_no_switch() -> None:
    html = render("{% switch_row key='tos_privacy' name='Terms' effect='Contract' locked='Ends with the account' %}")
    assert ("<form" in html, "Ends with the account" in html) == (False, True)


def test_component_refuses_a_misspelt_parameter() -> None:
    with pytest.raises(TemplateSyntaxError):
        render("{% figure number=1 noun='files' sicne='x' %}")


def test_figure_sets_the_thousands_apart() -> None:
    html = render("{% figure number=n noun='files' %}", n=1284)
    assert '<span class="figure__number">1,284</span>' in html


def test_pager_keeps_the_other_values_of_the_address() -> None:
    request = RequestFactory().get("/x?who=roux&page=2")
    html = render("{% pager page %}", page=Paginator(range(95), 10).get_page(2), request=request)
    assert re.findall(r'href="(\?[^"]+)"', html) == ["?who=roux&amp;page=1", "?who=roux&amp;page=3"]
    assert "11 to 20 of 95" in html


def test_sort_header_turns_round_and_says_so() -> None:
    html = render("{% sort_header 'name' 'Name' %}", request=RequestFactory().get("/x?sort=name&page=3"))
    assert 'aria-sort="ascending"' in html
    assert re.findall(r'href="(\?[^"]+)"', html) == ["?sort=-name"]


def test_page_title_is_said_once_and_used_twice() -> None:
    html = render("<title>{% pagetitle %}File of <bdi>Roux</bdi>{% endpagetitle %}</title><h1>{{ page_title }}</h1>")
    assert html == "<title>File of Roux</title><h1>File of <bdi>Roux</bdi></h1>"


@pytest.mark.parametrize(
    ("value", "words"), [([], "none"), (["a", "b"], "a, b"), (True, "yes"), (False, "no"), (12, "12")]
)
def test_evidence_is_said_plainly(value: object, words: str) -> None:
    assert ui_words.plainly(value) == words


def test_notice_without_title_still_says_its_tone() -> None:
    assert "Kept under law." in render("{% notice 'held' 'Until 2041' %}")


def test_icon_that_points_is_mirrored_and_silent() -> None:
    html = render("{% icon 'arrow-right' %}{% icon 'eye' 'Seen' %}")
    assert ('class="icon icon--turns" aria-hidden="true"' in html, 'role="img" aria-label="Seen"' in html) == (
        True,
        True,
    )
