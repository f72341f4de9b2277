"""The promises about cookies turn false when their facts are broken by hand (PC-110, MD-60, MD-61)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from consents.cookies import promises
from consents.cookies.models import PageCount
from praticonnect.database import as_owner

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def test_all_are_kept() -> None:
    found = promises.nothing_but_essential_before_a_yes(NOW)
    assert (found.kept, found.figures["counted_after_a_yes"]) == (True, True)
    assert promises.every_cookie_is_in_the_list(NOW).kept is True
    assert promises.choices_are_asked_again_in_time(NOW).kept is True


def test_counting_whoever_did_not_answer_breaks_pc_110(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consents.cookies.audience.allows", lambda request, now: True)
    found = promises.nothing_but_essential_before_a_yes(NOW)
    assert (found.kept, len(found.figures["counted_without_a_yes"])) == (False, 5)


def test_refusing_that_looks_lesser_breaks_pc_110(monkeypatch: pytest.MonkeyPatch) -> None:
    page = '<button class="{}" type="submit" name="choice" value="{}">'
    both = page.format("button", "yes") + page.format("link", "no")
    monkeypatch.setattr("consents.cookies.promises.render_to_string", lambda name: both)
    assert promises.nothing_but_essential_before_a_yes(NOW).kept is False


@pytest.mark.parametrize(
    ("row", "figure"),
    [
        ({"day": NOW.date() - timedelta(days=800), "page": "home"}, "counts_past_their_term"),
        ({"day": NOW.date(), "page": "home?user=7"}, "counts_that_name_no_page"),
    ],
)
def test_count_that_stays_or_says_more_breaks_pc_110(row: dict[str, object], figure: str) -> None:
    PageCount.objects.create(**row, views=1)
    found = promises.nothing_but_essential_before_a_yes(NOW)
    assert (found.kept, found.figures[figure]) == (False, 1)


def test_column_added_by_hand_breaks_pc_110() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table consents_pagecount add column visitor text")
    found = promises.nothing_but_essential_before_a_yes(NOW)
    assert (found.kept, found.figures["columns_beyond_day_page_and_number"]) == (False, ["visitor"])


def test_edge_taken_away_or_blind_breaks_md_60(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as blind:
        blind.setattr("consents.cookies.middleware.undeclared", lambda cookies: [])
        found = promises.every_cookie_is_in_the_list(NOW)
        assert (found.kept, found.figures["unlisted_cookies_that_pass"]) == (False, ["_ga", "csrf"])
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "cookies" not in one]
    assert promises.every_cookie_is_in_the_list(NOW).kept is False


def test_choice_kept_beyond_the_ceiling_breaks_md_61(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as loose:
        loose.setattr("consents.cookies.choice.term", lambda: 14)
        found = promises.choices_are_asked_again_in_time(NOW)
        assert (found.kept, found.figures["honoured_beyond_the_ceiling"]) == (False, True)
    settings.COOKIE_CHOICE_MONTHS = 14
    assert promises.choices_are_asked_again_in_time(NOW).kept is False
