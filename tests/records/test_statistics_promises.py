"""PC-20 turns false when somebody is counted without a yes, when the budget is passed, and when the mechanism hides or blurs no more."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from consents import grants
from praticonnect.database import as_owner
from records.statistics import cohort, noise, promises
from records.statistics.rules import CAP
from tests.records.statistics_world import NOW, open_practice
from tests.records.test_statistics import release

pytestmark = pytest.mark.django_db(databases="__all__")
FREE = {"gate": {"epsilon": 0.1}, "columns": {}}


def measured() -> tuple[bool, dict[str, Any]]:
    found = promises.statistics_draw_on_those_who_agreed(NOW)
    return found.kept, dict(found.figures)


def test_promise_is_kept_and_counts() -> None:
    open_practice(), open_practice(agrees=False), release()
    kept, figures = measured()
    assert (kept, figures["publications"], figures["practices_that_agree_are_many"]) == (True, 1, False)


def test_who_is_counted_without_a_yes_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mint that asks nobody."""

    def all_granted(subject_ids: Collection[UUID], key: str, *, now: datetime) -> dict[UUID, grants.Grant]:
        return {one: grants.Grant(grants._MINT, one, key, None, now) for one in subject_ids}

    open_practice(), open_practice(agrees=False)
    monkeypatch.setattr(cohort, "grants_for", all_granted)
    kept, figures = measured()
    assert (kept, figures["counted_without_a_grant"]) == (False, 1)


def test_a_year_beyond_its_budget_breaks_it() -> None:
    release(epsilon=CAP.epsilon)
    assert measured()[0] is True
    release(epsilon=0.1, period=date(2026, 4, 1), bounds=FREE)
    kept, figures = measured()
    assert (kept, figures["years_over_budget"]) == (False, [2026])


def test_an_entry_that_claims_less_than_its_noise_breaks_it() -> None:
    release(epsilon=0.2)
    kept, figures = measured()
    assert (kept, figures["cheaper_than_their_mechanism"]) == (False, 1)


def test_a_lower_threshold_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of ten patients reach the mechanism."""
    monkeypatch.setattr(noise, "LEAST", 5)
    kept, figures = measured()
    assert (kept, figures["small_groups_that_show"]) == (False, 3)


def test_noise_that_is_switched_off_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "_noisy", lambda tally, column, shown: [tally.sums[column.name][one] for one in shown])
    kept, figures = measured()
    assert (kept, figures["figures_without_noise"]) == (False, promises.TRIES)


def test_the_database_refuses_a_second_answer_to_a_question() -> None:
    release()
    with pytest.raises(IntegrityError, match="statistics_answered_once"), transaction.atomic():
        release()
    assert measured()[1]["questions_answered_twice"] == 0


def test_a_second_answer_that_the_database_let_in_breaks_it() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table records_statisticsrelease drop constraint statistics_answered_once")
    release(epsilon=0.1, bounds=FREE), release(epsilon=0.1, bounds=FREE)
    kept, figures = measured()
    assert (kept, figures["questions_answered_twice"]) == (False, 1)


def test_a_ledger_that_is_not_sealed_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [one for one in promises.registered() if one.table != "records_statisticsrelease"]
    monkeypatch.setattr(promises, "registered", lambda: others)
    kept, figures = measured()
    assert (kept, figures["ledger_is_not_sealed"]) == (False, True)
