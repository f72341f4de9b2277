"""PC-23 turns false when somebody is shown without a grant, by whatever hand, and when somebody who agreed is missing."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from consents import grants
from directory import promises, queries
from directory.models import Listing
from privacy.promises import CHECKS, measure
from tests.accounts.factories import make_account, make_practitioner
from tests.directory.factories import choose_listing, make_listed

pytestmark = pytest.mark.django_db


def kept() -> tuple[bool, dict[str, Any]]:
    [check] = [one for one in CHECKS["PC-23"] if one.run is promises.the_directory_shows_only_those_who_agreed]
    found = check.run(timezone.now())
    return found.kept, dict(found.figures)


@pytest.fixture(autouse=True)
def people() -> tuple[User, User, User]:
    """One listed, one who took it back, one who never agreed."""
    listed, gone, never = make_listed(), make_listed(), make_practitioner()
    choose_listing(gone, False)
    return listed, gone, never


def all_granted(subject_ids: Collection[UUID], key: str, *, now: datetime) -> dict[UUID, grants.Grant]:
    """A mint that asks nobody."""
    return {one: grants.Grant(grants._MINT, one, key, None, now) for one in subject_ids}


def test_promise_is_kept_and_counts(people: tuple[User, User, User]) -> None:
    assert kept() == (
        True,
        {
            "practitioners": 3,
            "practitioners_listed": 1,
            "practitioners_not_listed": 2,
            "listed_without_a_grant": 0,
            "addresses_without_a_grant_tried": 1,
            "addresses_without_a_grant_that_answer": 0,
            "granted_but_missing_from_the_list": 0,
            "granted_but_without_an_address": 0,
            "pages_of_nobody": 0,
        },
    )
    [result] = measure(timezone.now(), ["PC-23"])
    assert (result.kept, result.checked_by) == (True, ("tests/directory/test_promises.py",))


def test_promise_breaks_when_the_list_shows_somebody_without_a_grant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "candidates", lambda now: queries.of_open_accounts())
    monkeypatch.setattr(queries, "grants_for", all_granted)
    broken, figures = kept()
    assert (broken, figures["listed_without_a_grant"], figures["addresses_without_a_grant_that_answer"]) == (
        False,
        1,
        1,
    )


def test_no_narrowing_query_lets_somebody_past_the_mint(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the SQL opened alone, grants still decide."""
    monkeypatch.setattr(queries, "candidates", lambda now: queries.of_open_accounts())
    assert kept()[0] is True


def test_promise_breaks_when_an_address_answers_without_a_grant(
    monkeypatch: pytest.MonkeyPatch, people: tuple[User, User, User]
) -> None:
    monkeypatch.setattr(queries, "page_at", lambda listing_id, now: object())
    broken, figures = kept()
    assert (broken, figures["addresses_without_a_grant_that_answer"]) == (False, 1)


def test_promise_breaks_when_somebody_who_agreed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "grants_for", lambda subject_ids, key, now: {})
    broken, figures = kept()
    assert (broken, figures["granted_but_missing_from_the_list"]) == (False, 1)


def test_promise_breaks_when_a_yes_has_no_address(people: tuple[User, User, User]) -> None:
    Listing.objects.filter(user=people[0]).delete()
    broken, figures = kept()
    assert (broken, figures["granted_but_without_an_address"]) == (False, 1)


def test_promise_breaks_when_a_page_is_nobody_s() -> None:
    Listing.objects.create(user=make_account())
    broken, figures = kept()
    assert (broken, figures["pages_of_nobody"]) == (False, 1)


def test_a_closed_account_s_yes_breaks_nothing(people: tuple[User, User, User]) -> None:
    User.objects.filter(pk=people[0].pk).update(is_active=False)
    broken, figures = kept()
    assert (broken, figures["practitioners_listed"]) == (True, 0)
