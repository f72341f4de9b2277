"""The future can be asked, and asking changes nothing (NEW-04)."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection

from accounts.models import User
from audit.models import SecurityEntry
from audit.months import later, month_of
from care.tenancy import ALL, scope
from consents.actions import Control, decide
from lifecycle import future
from lifecycle.future import future_equals_a_recount
from lifecycle.models import Hold
from praticonnect.database import as_owner
from privacy import forecast
from privacy.forecast import Forecast, InThePast, Leaving, simulate
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.audit.forge import accesses, backdate
from tests.care.factories import LONG_AGO
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, actor_of, make_file

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
FILE = "records.PatientFile"


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def files(practitioner: User) -> list[PatientFile]:
    """Two files made a month apart, and one of a minor."""
    return [
        make_file(practitioner, now=NOW),
        make_file(practitioner, now=NOW + timedelta(days=31)),
        make_file(practitioner, surname="Petit", birth_date="2020-03-05"),
    ]


def of_files(until: date, now: datetime = NOW) -> list[tuple[str, str, int, bool]]:
    future = simulate(until, now)
    return [(f"{x.month:%Y-%m}", x.rule, x.count, x.held) for x in (*future.leaves, *future.held) if x.kind == FILE]


def ended_on(file: PatientFile) -> date:
    return file.retain_until + timedelta(days=1)


def test_files_leave_on_the_day_after_their_end(files: list[PatientFile]) -> None:
    assert of_files(ended_on(files[0]) - timedelta(days=1)) == []
    assert of_files(ended_on(files[0])) == [("2046-11", "PC-41", 1, False)]


def test_each_month_and_rule_is_a_line_of_its_own(files: list[PatientFile]) -> None:
    assert of_files(date(2060, 1, 1)) == [
        ("2046-11", "PC-41", 1, False), ("2046-12", "PC-41", 1, False), ("2048-04", "LAW-01", 1, False),
    ]  # fmt: skip


def test_overdue_file_leaves_in_the_month_of_the_question(files: list[PatientFile]) -> None:
    asked_at = datetime(2047, 2, 3, 12, tzinfo=UTC)
    assert of_files(date(2047, 2, 3), asked_at) == [("2047-02", "PC-41", 2, False)]


def test_held_files_are_listed_apart_until_the_last_hold_is_lifted(files: list[PatientFile]) -> None:
    first, second = place(files[0]), place(files[0])
    held = [("2046-12", "PC-41", 1, False), ("2046-11", "PC-41", 1, True)]
    assert of_files(date(2047, 1, 1)) == held
    lift(first)
    lift(second)
    assert of_files(date(2047, 1, 1)) == [("2046-12", "PC-41", 2, False)]


def test_months_of_journals_leave_whole_at_their_term(files: list[PatientFile]) -> None:
    """PC-46: a month of the security journal leaves twelve full months after its end."""
    entries = SecurityEntry.objects.count()
    leaves_on = later(month_of(datetime.now(UTC)), 13)
    assert entries > 0
    before, on = (
        [line for line in simulate(day, NOW).leaves if line.kind == "audit.SecurityEntry"]
        for day in (leaves_on - timedelta(days=1), leaves_on)
    )
    assert (before, on) == ([], [Leaving(leaves_on, "PC-46", "audit.SecurityEntry", entries)])


def test_proofs_of_a_withdrawn_consent_leave_after_five_years(practitioner: User) -> None:
    for on in (True, False):
        decide(
            subject_id=practitioner.pk, key="marketing_emails", on=on, by=actor_of(practitioner), language="en",
            channel="page", now=NOW + timedelta(minutes=on is False), control=Control("switch", "off", "Letters"),
        )  # fmt: skip
    proofs = [line for line in simulate(date(2040, 1, 1), NOW).leaves if line.kind == "consents.ConsentEvent"]
    at_signup, later = proofs  # what was refused at sign-up ended at once
    assert at_signup == Leaving(date(2031, 6, 1), "PC-51", "consents.ConsentEvent", 1)
    assert later == Leaving(date(2031, 11, 1), "PC-51", "consents.ConsentEvent", 2)


def fingerprint() -> dict[str, str]:
    """A hash of every row of every table."""
    with scope(ALL), connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f"select md5(string_agg(t::text, ',' order by t::text)) from \"{table}\" t")
            found[table] = str(cursor.fetchone()[0])
    return found


def test_asking_changes_no_row_of_any_table(files: list[PatientFile]) -> None:
    place(files[0])
    before = fingerprint()
    call_command("retention", "simulate", "--until", "2060-01-01", stdout=StringIO())
    assert fingerprint() == before


@pytest.fixture
def writing_source() -> Iterator[None]:
    def writes(today: date, until: date) -> Iterator[Leaving]:
        with scope(ALL):
            PatientFile.objects.update(retain_until=today)
        yield Leaving(today, "PC-41", FILE, 1)

    forecast.forecast(writes)
    yield
    forecast.SOURCES.remove(writes)


def test_database_refuses_a_source_that_writes(files: list[PatientFile], writing_source: None) -> None:
    with pytest.raises(InternalError, match="read-only transaction"):
        simulate(date(2060, 1, 1), NOW)


def test_command_prints_lines_and_totals(files: list[PatientFile]) -> None:
    place(files[0])
    out = StringIO()
    call_command("retention", "simulate", "--until", "2060-01-01", "--json", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    assert [line for line in said["rules"] if line["kind"] == FILE] == [
        {"rule": "LAW-01", "kind": FILE, "leaves": 1, "held": 0},
        {"rule": "PC-41", "kind": FILE, "leaves": 1, "held": 1},
    ]
    assert said["held"] == [{"month": "2046-11", "rule": "PC-41", "kind": FILE, "count": 1}]
    assert (said["until"], said["total_held"]) == ("2060-01-01", 1)
    assert said["total"] == sum(line["count"] for line in said["leaves"])


@pytest.mark.parametrize("day", ["2020-01-01", "soon", "2051-13-01"])
def test_command_answers_a_bad_day_with_one_line(day: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("retention", "simulate", "--until", day)
    assert (caught.value.returncode, "\n" in str(caught.value)) == (2, False)


def test_past_is_refused_by_name() -> None:
    with pytest.raises(InThePast, match="2026-11-17 is past: ask for 2026-11-18 or a later day"):
        simulate(date(2026, 11, 17), NOW)


def test_totals_are_those_of_a_recount_until_a_file_has_a_strange_rule(files: list[PatientFile]) -> None:
    place(files[0])
    now = datetime.now(UTC)
    found = future_equals_a_recount(now)
    assert (found.kept, found.figures["held"], found.figures["horizons_counted_otherwise"]) == (True, 1, 0)
    with scope(ALL):
        PatientFile.objects.filter(pk=files[1].pk).update(retention_rule="PC-999")
    broken = future_equals_a_recount(now)
    assert (broken.kept, broken.figures["rules_the_schedule_does_not_know"]) == (False, 1)


def test_a_file_made_while_it_is_counted_breaks_nothing(
    practitioner: User, files: list[PatientFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy house counts while its practitioners work."""
    made: list[PatientFile] = []

    def busy(until: date, now: datetime) -> Forecast:
        found = simulate(until, now)
        if until == future.EVER and len(made) < 2:
            made.append(make_file(practitioner))
        return found

    monkeypatch.setattr(future, "simulate", busy)
    found = future_equals_a_recount(datetime.now(UTC))
    assert (found.kept, found.figures["horizons_counted_otherwise"], len(made)) == (True, 0, 2)


def test_a_file_told_twice_breaks_the_promise(files: list[PatientFile], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "SOURCES", forecast.SOURCES * 2)
    broken = future_equals_a_recount(datetime.now(UTC))
    assert (broken.kept, broken.figures["horizons_counted_otherwise"]) == (False, 2)


def test_a_month_of_a_journal_told_otherwise_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    backdate(accesses(2, now), now - timedelta(days=40))
    found = future_equals_a_recount(now)
    assert (found.kept, found.figures["journals_counted_otherwise"]) == (True, 0)
    monkeypatch.setattr(forecast, "SOURCES", [one for one in forecast.SOURCES if one.__name__ != "journal_months"])
    broken = future_equals_a_recount(now)
    assert (broken.kept, broken.figures["journals_counted_otherwise"]) == (False, 1)


def test_hold_moved_to_another_practice_by_hand_is_still_counted_as_held(files: list[PatientFile]) -> None:
    """The simulation asks across practices: no wall hides a hold from it."""
    hold = place(files[0])
    other = make_practitioner("other@example.org", now=LONG_AGO)
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table lifecycle_hold disable trigger hold_guard")
        cursor.execute(
            "update lifecycle_hold set practice_id = (select practice_id from care_membership where user_id = %s)",
            [other.pk],
        )
        assert Hold.objects.filter(pk=hold.pk).exists()
    assert [held for *_line, held in of_files(date(2047, 1, 1))] == [False, True]
