"""Published statistics: whose visits are counted, once a quarter, within a year's budget (PC-20)."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.models import AccessEntry, EventEntry
from care.models import Practice
from care.tenancy import ALL, scope
from lifecycle.holds.actions import place_hold
from privacy.refusals import Refused
from records.models import PatientFile, Restriction, StatisticsRelease
from records.statistics import actions, noise, queries
from records.statistics.periods import Quarter
from records.statistics.questions import BY_PLACE, QUESTIONS
from records.statistics.rules import CAP
from tests.accounts.factories import make_staff, verified_client
from tests.consents.factories import person
from tests.records.statistics_world import (
    BY,
    IN_Q3,
    NOW,
    Q3,
    agree,
    exact,  # noqa: F401 - a fixture
    file_of,
    many,
    member,
    open_practice,
    published,
    visit,
)

pytestmark = pytest.mark.django_db(databases="__all__")
Q4 = Quarter(date(2026, 10, 1))
NEXT = datetime(2027, 1, 20, 4, 20, tzinfo=UTC)
World = list[tuple[Practice, User, PatientFile]]


@pytest.fixture
def world() -> World:
    return many()


@pytest.mark.usefixtures("exact")
def test_only_practices_and_authors_who_agree_are_counted(world: World) -> None:
    """Twelve practices, two visits each. Neither a practice that doesn't agree, nor a colleague who doesn't, nor what never took place."""
    stranger, other = open_practice(agrees=False)
    for _ in range(5):
        visit(file_of(stranger, other), other)
    practice, owner, file = world[0]
    visit(file, member(practice, "practitioner"))
    visit(file, owner, status="draft")
    visit(file, owner, status="struck")
    visit(file, owner, at=IN_Q3 - timedelta(days=60))
    before, opened = AccessEntry.objects.count(), published()
    assert opened == {
        "by_specialty": {"SM54": {"consultations": 24, "patients": 12}},
        "by_place": {"practice": {"consultations": 12}, "remote": {"consultations": 12}},
    }
    assert AccessEntry.objects.count() == before


@pytest.mark.usefixtures("exact")
def test_a_colleague_s_visits_count_once_both_agree(world: World) -> None:
    practice, _owner, file = world[0]
    colleague = member(practice, "practitioner", specialty="SM40")
    visit(file, colleague)
    agree(colleague)
    assert published()["by_specialty"] == {"SM54": {"consultations": 25, "patients": 12}}


@pytest.mark.usefixtures("exact")
def test_files_that_are_left_alone_are_not_counted(world: World) -> None:
    """Archived, on its way out, restricted, held: each in a practice that counts otherwise."""
    practice, owner, _file = world[0]
    gone = file_of(practice, owner, leaving_at=NOW)
    archived = file_of(practice, owner, active_until=date(2026, 10, 1))
    restricted, held = file_of(practice, owner), file_of(practice, owner)
    with scope(ALL):
        Restriction.objects.create(
            practice=practice,
            file=restricted,
            ground="accuracy",
            since_at=NOW,
            since_by=owner,
            since_role="practitioner",
        )
        place_hold(
            file_id=held.pk, ground="claim", case="A", why="B", review_on=NEXT.date(), by=person(owner.pk), now=NOW
        )
    for file in (gone, archived, restricted, held):
        visit(file, owner)
    assert published()["by_specialty"] == {"SM54": {"consultations": 24, "patients": 12}}


@pytest.mark.usefixtures("exact")
def test_withdrawal_leaves_the_next_publication_and_not_the_last(world: World) -> None:
    """PC-20: what was published stays, also when asked again; the next counts without them."""
    for _practice, owner, file in world:
        visit(file, owner, at=IN_Q3 + timedelta(days=90))
    first = published()
    agree(world[0][1], False, now=NOW + timedelta(days=1))
    assert published(now=NOW + timedelta(days=2)) == first
    found = published(Q4, now=NEXT)["by_specialty"]
    assert found == {"SM54": {"consultations": 11, "patients": 11}}
    marks = dict(StatisticsRelease.objects.values_list("period", "cohort_number"))
    assert marks == {Q3.first: 1, Q4.first: 2}


@pytest.mark.usefixtures("exact")
def test_ten_practices_are_never_shown(world: World) -> None:
    """Even without noise: a group of ten doesn't reach the mechanism."""
    for _practice, owner, _file in world[10:]:
        agree(owner, False, now=NOW - timedelta(days=1))
    assert published() == {"by_specialty": {}, "by_place": {}}


def test_a_dozen_practices_are_hidden_by_the_published_budgets(world: World) -> None:
    """The real questions: the threshold lies far above eleven, and the answer costs its budget though it shows nothing."""
    answers = actions.publish(quarter=Q3, by=BY, now=NOW)
    assert {cells for one in answers for cells in one.cells.values()} == {None}
    assert queries.spent(2026)["epsilon"] == pytest.approx(1.0)
    assert [noise.threshold(one) > 60 for one in QUESTIONS] == [True, True]
    lines = EventEntry.objects.filter(verb="records.statistics.published")
    assert {line.object_id for line in lines} == {str(one.pk) for one in answers}


def test_the_same_question_is_answered_once(world: World) -> None:
    first = actions.publish(quarter=Q3, by=BY, now=NOW)
    again = actions.publish(quarter=Q3, by=BY, now=NOW + timedelta(days=3))
    assert ([one.pk for one in first], queries.spent(2026)["epsilon"]) == (
        [one.pk for one in again],
        pytest.approx(1.0),
    )


def release(**said: Any) -> StatisticsRelease:
    """A row of the ledger."""
    values = {
        "question": BY_PLACE.name, "period": date(2026, 1, 1), "published_at": NOW - timedelta(days=90), "mechanism": noise.MECHANISM,
        "epsilon": 0.35, "delta": 1e-6, "patient_epsilon": 0.2, "bounds": actions.bounds_of(BY_PLACE), "cohort": "0" * 64,
        "cohort_number": 1, "cells": {"practice": {"consultations": 91_400}, "home": None, "remote": None},
    }  # fmt: skip
    return StatisticsRelease.objects.create(**{**values, **said})


def test_a_year_s_budget_refuses_what_goes_beyond(world: World) -> None:
    """Every publication counts, whoever was in it; the next year begins anew. Nothing is computed or stored."""
    release(epsilon=CAP.epsilon - 0.9)
    with pytest.raises(Refused, match="budget of 2026 is used up"):
        actions.publish(quarter=Q3, by=BY, now=NOW)
    assert StatisticsRelease.objects.filter(period=Q3.first).count() == 0
    assert len(actions.publish(quarter=Q4, by=BY, now=NEXT)) == 2


def test_four_quarters_fit_the_year_exactly() -> None:
    costs = [noise.loss_of(question) for question in QUESTIONS] * 4
    assert sum(costs, noise.Loss()).within(CAP)
    assert not sum([*costs, costs[0]], noise.Loss()).within(CAP)


@pytest.mark.parametrize(
    ("quarter", "said"), [(Q4, "can be published from 15 January 2027"), (Quarter(date(2026, 4, 1)), "isn't any more")]
)
def test_only_the_newest_settled_quarter_is_published(quarter: Quarter, said: str) -> None:
    with pytest.raises(Refused, match=said):
        actions.publish(quarter=quarter, by=BY, now=NOW)


@pytest.mark.parametrize(
    ("today", "newest"),
    [("2026-10-14", "2026-Q2"), ("2026-10-15", "2026-Q3"), ("2027-01-14", "2026-Q3"), ("2027-01-15", "2026-Q4")],
)
def test_a_quarter_settles_two_weeks_after_its_end(today: str, newest: str) -> None:
    assert Quarter.last_settled(date.fromisoformat(today)).name == newest


def test_ledger_only_grows() -> None:
    """PostgreSQL refuses to change or remove a publication."""
    row = release()
    for sql in ("update records_statisticsrelease set epsilon = 0.01", "delete from records_statisticsrelease"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    row.refresh_from_db()
    assert row.epsilon == 0.35


def run(*words: str, now: datetime = NOW) -> Any:
    """The command's JSON."""
    out = StringIO()
    call_command("statistics", *words, "--json", "--now", now.isoformat(), stdout=out)
    return json.loads(out.getvalue())


def test_trial_run_says_the_cost_and_no_figure(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A figure shown "only to try" would be a publication nobody entered: none is computed."""
    settings.TIME_TRAVEL = True
    monkeypatch.setattr("records.statistics.actions.cohort_at", lambda now: pytest.fail("it looked"))
    told = run("publish", "--dry-run")
    assert (told["quarter"], told["would_publish"], told["refused"]) == ("2026-Q3", ["by_specialty", "by_place"], None)
    assert (told["cost"]["epsilon"], set(told)) == (
        pytest.approx(1.0),
        {"quarter", "would_publish", "refused", "cost", "spent", "cap"},
    )
    assert StatisticsRelease.objects.count() == 0


def test_command_publishes_and_shows_the_ledger(settings: Any) -> None:
    settings.TIME_TRAVEL = True
    assert set(run("publish")["tables"]) == {"by_specialty", "by_place"}
    ledger = run("budget")
    assert ([one["question"] for one in ledger["releases"]], ledger["left"]["epsilon"]) == (
        ["by_place", "by_specialty"],
        pytest.approx(3.0),
    )
    for words, said in (
        (("--quarter", "2026-08-01"), "no first day of a quarter"),
        (("--quarter", "2026-10-01"), "from 15"),
    ):
        with pytest.raises((CommandError, SystemExit), match=said):
            call_command("statistics", "publish", *words, "--now", NOW.isoformat(), stderr=StringIO())


def test_page_shows_what_was_published_at_the_same_cost() -> None:
    """For everybody; one quarter or many, as many queries."""
    client, counted = Client(), []
    for month in (1, 4, 7):
        release(period=date(2026, month, 1))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reverse("statistics:page"))
        counted.append(len(captured))
    assert (page.context["quarter"].name, counted[0]) == ("2026-Q3", counted[2])
    [table] = page.context["tables"]
    assert ([(row.words, row.figures) for row in table.shown], table.hidden) == ([("At the practice", [91_400])], 2)
    assert client.get(reverse("statistics:page"), {"quarter": "2026-Q1"}).context["quarter"].name == "2026-Q1"
    assert client.get(reverse("statistics:page"), {"quarter": "2025-Q1"}).status_code == 404


def test_page_before_the_first_publication() -> None:
    assert Client().get(reverse("statistics:page")).context["tables"] == []


def test_open_file_leaves_hidden_figures_empty() -> None:
    release()
    lines = Client().get(reverse("statistics:open_file")).content.decode().splitlines()
    within = noise.within(BY_PLACE.columns[0])
    assert lines[1:] == [
        f"2026-Q1,by_place,practice,consultations,91400,{within},0.35,1e-06,2026-07-22",
        f"2026-Q1,by_place,home,consultations,,{within},0.35,1e-06,2026-07-22",
        f"2026-Q1,by_place,remote,consultations,,{within},0.35,1e-06,2026-07-22",
    ]


def test_office_sees_the_ledger_and_what_is_left() -> None:
    """Each publication with its cost; the same number of queries for more."""
    client, counted = verified_client(make_staff()), []
    for month in (4, 7):
        release(period=date(2026, month, 1))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reverse("admin:statistics"))
        counted.append(len(captured))
    assert ([quarter for _one, quarter, _words, _shown in page.context["rows"]], counted[0]) == (
        ["2026-Q3", "2026-Q2"],
        counted[1],
    )
