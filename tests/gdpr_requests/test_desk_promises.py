"""The desk's promises are measured, and each turns false when its fact is broken by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from gdpr_requests import actions, effects, promises
from gdpr_requests.models import Objection, Request
from praticonnect.database import as_owner
from privacy.deadlines import Right
from tests.accounts.factories import make_staff
from tests.gdpr_requests.factories import NOW, by_letter, dpo_of
from vault import rings

pytestmark = pytest.mark.django_db(databases="__all__")


@contextmanager
def unguarded(*tables: str) -> Iterator[None]:
    """The owner's hand: no trigger stands in the way."""
    with as_owner(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"alter table {table} disable trigger user")
    yield
    with as_owner(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"alter table {table} enable always trigger gdpr_request_guard")


def spoil(request: Request, **change: Any) -> None:
    """Change what PostgreSQL would refuse to let anybody change."""
    with unguarded("gdpr_requests_request"):
        Request.objects.filter(pk=request.pk).update(**change)


@pytest.fixture
def refused() -> Request:
    """An answered request: refused, with everything that belongs to it."""
    request = by_letter(Right.ERASURE)
    by = dpo_of(make_staff("dpo@example.org"))
    return actions.answer(request_id=request.pk, outcome="refused", ground="identity", text="No.", by=by, now=NOW)


@pytest.mark.parametrize(
    "measure",
    [
        promises.requests_leave_three_years_after_closure, promises.objections_bite, promises.contact_form_gives_a_number,
        promises.all_rights_start_in_the_privacy_centre, promises.refusals_show_the_way_on,
        promises.identity_is_proven_and_papers_are_destroyed, promises.register_is_whole, promises.answers_come_in_time,
        promises.hosting_can_be_objected_to,
    ],
)  # fmt: skip
def test_promise_is_kept_on_an_empty_and_on_a_used_desk(measure: Any) -> None:
    empty = measure(NOW).kept
    by_letter(Right.HOSTING_OBJECTION)
    by_letter(Right.OBJECTION, objects_to="marketing")
    assert (empty, measure(NOW).kept) == (True, True)


def test_figures_say_open_overdue_and_on_time_rate(refused: Request) -> None:
    by_letter()
    found = promises.answers_come_in_time(NOW).figures
    assert [found[name] for name in ("open", "overdue", "answered", "on_time_rate")] == [1, 0, 1, 1.0]
    assert found["by_right"] == {"15": 1, "17": 1}


def test_time_is_broken_by_an_overdue_request() -> None:
    request = by_letter()
    day_after = NOW + timedelta(days=(request.due_on - NOW.date()).days + 1)
    measured = promises.answers_come_in_time(day_after)
    assert (measured.kept, measured.figures["overdue"]) == (False, 1)


def test_time_is_broken_by_a_date_that_is_not_the_laws() -> None:
    spoil(by_letter(), due_on=NOW.date() + timedelta(days=90))
    assert promises.answers_come_in_time(NOW).figures["dates_not_of_the_law"] == 1


def test_register_is_broken_by_a_gap_and_by_a_state_nobody_moved() -> None:
    spoil(by_letter(), serial=3)
    assert promises.register_is_whole(NOW).figures["gaps_in_numbers"] == 2
    Request.objects.update(state="in_progress")
    assert promises.register_is_whole(NOW).figures["not_where_the_thread_says"] == 1


def test_register_is_broken_by_a_lost_key() -> None:
    rings.destroy([by_letter().pk], NOW)
    assert promises.register_is_whole(NOW).figures["without_a_key"] == 1


def test_refusal_without_fitting_ground_breaks_the_way_on(refused: Request) -> None:
    assert promises.refusals_show_the_way_on(NOW).kept
    spoil(refused, ground="accurate")
    assert promises.refusals_show_the_way_on(NOW).figures["without_fitting_ground"] == 1


def test_grant_to_somebody_unknown_breaks_identity(refused: Request) -> None:
    spoil(refused, outcome="granted", ground="")
    assert promises.identity_is_proven_and_papers_are_destroyed(NOW).figures["granted_to_somebody_unknown"] == 1


def test_refused_objection_to_marketing_breaks_the_promise(refused: Request) -> None:
    spoil(refused, right=Right.OBJECTION.value, objects_to="marketing")
    assert promises.objections_bite(NOW).figures["marketing_refused"] == 1


def test_objection_that_bites_nobody_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "_at_once", {})
    assert promises.objections_bite(NOW).kept is False


def test_contact_form_without_first_exchange_breaks_the_promise() -> None:
    spoil(by_letter(channel="post"), channel="form", contact=None, account_id="00000000-0000-4000-8000-000000000001")
    assert promises.contact_form_gives_a_number(NOW).figures["without_address_or_receipt"] == 1


def test_missing_tab_breaks_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "TABS", ())
    assert promises.all_rights_start_in_the_privacy_centre(NOW).kept is False


def test_hosting_objection_that_is_not_offered_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "RIGHT_CHOICES", [])
    assert promises.hosting_can_be_objected_to(NOW).kept is False


def test_objection_kept_otherwise_than_hashed_breaks_retention() -> None:
    by_letter(Right.OBJECTION, objects_to="marketing")
    Objection.objects.update(address_key=b"ada@example.org")
    assert promises.requests_leave_three_years_after_closure(NOW).figures["objections_not_hashed"] == 1


def test_request_beyond_its_term_breaks_retention(refused: Request) -> None:
    by = dpo_of(make_staff())
    actions.close(request_id=refused.pk, by=by, now=NOW)
    last = NOW.replace(year=2029)
    assert promises.requests_leave_three_years_after_closure(last).kept
    assert promises.requests_leave_three_years_after_closure(last + timedelta(days=3)).figures["beyond_their_term"] == 1
