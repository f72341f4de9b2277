"""The promise of restriction holds on real rows, and turns false for each fact broken by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from audit.actions import AccessRow, record_accesses
from audit.actors import Actor
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.purposes import Purpose
from records.models import PatientFile
from records.reading import Part
from records.restriction import actions
from records.restriction.promises import restricted_files_are_only_stored as measured
from tests.accounts.factories import make_patient, make_practitioner
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, link, make_file, working
from tests.records.restriction.helpers import lift, read, restrict, tell

pytestmark = pytest.mark.django_db(databases="__all__")
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    """Its patient's, read for a claim while it is restricted; another one was restricted and is free again."""
    lift(tell(restrict(make_file(practitioner))))
    file = make_file(practitioner)
    link(file, make_patient())
    restrict(file)
    opening = read(file, practitioner)
    with working(practitioner) as by:
        actions.open_read(opening, Part.FILE, by=by, now=NOW)
    return file


def by_hand(sql: str, *values: object) -> None:
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, values)


def open_the_vault(file: PatientFile, practitioner: User) -> None:
    from vault import restrictions, rings

    restrictions._sources.clear()
    rings.unrestrict([file.pk], NOW)


def seen(file: PatientFile, practitioner: User, at: datetime) -> None:
    """A line of daily work, written now by a request that began at ``at``."""
    rows = [AccessRow(file.pk, "file", "open", file.practice_id)]
    with working(practitioner) as by:
        record_accesses(by=by, rows=rows, purpose=Purpose.CARE, now=at)


def open_by_stealth(file: PatientFile, practitioner: User) -> None:
    seen(file, practitioner, timezone.now())


def open_slowly(file: PatientFile, practitioner: User) -> None:
    """By a request that began before the restriction, and goes on minutes after it is in force."""
    seen(file, practitioner, NOW - timedelta(minutes=5))
    by_hand("alter table audit_accessentry disable trigger user")
    by_hand(
        "update audit_accessentry set written_at = written_at + interval '2 minutes'"
        " where seq = (select max(seq) from audit_accessentry)"
    )
    by_hand("alter table audit_accessentry enable trigger user")


def forget_the_readings(file: PatientFile, practitioner: User) -> None:
    by_hand("alter table records_restrictedopening disable trigger all")
    by_hand("delete from records_restrictedopening")
    by_hand("alter table records_restrictedopening enable trigger all")
    by_hand("alter table records_restrictedopening enable always trigger reading_stands")


def shut_the_patient_out(file: PatientFile, practitioner: User) -> None:
    from vault import rings

    rings.archive([file.pk], NOW)


def read_as_person_of_trust(file: PatientFile, practitioner: User) -> None:
    """By an account that calls itself the patient."""
    trusted = make_patient()
    link(file, trusted, capacity="proxy", until=NOW + timedelta(days=9))
    by = Actor(account_id=trusted.pk, role="patient", practice_id=file.practice_id)
    rows = [AccessRow(file.pk, "document", "open_restricted", file.practice_id)]
    with scope(ALL):
        record_accesses(by=by, rows=rows, purpose=Purpose.LEGAL, now=NOW + timedelta(minutes=5))


def drop_a_guard(file: PatientFile, practitioner: User) -> None:
    by_hand("alter table records_restriction disable trigger restriction_guard")


@pytest.mark.parametrize(
    ("breaking", "figure"),
    [
        (open_the_vault, "restricted_files_that_open"),
        (open_by_stealth, "readings_while_restricted"),
        (open_slowly, "readings_while_restricted"),
        (forget_the_readings, "readings_without_a_reason"),
        (shut_the_patient_out, "patients_kept_from_reading"),
        (read_as_person_of_trust, "readings_by_persons_of_trust"),
        (drop_a_guard, "guards_missing"),
    ],
)
def test_promise_turns_false(
    file: PatientFile, practitioner: User, breaking: Callable[[PatientFile, User], None], figure: str
) -> None:
    found = measured(LATER)
    assert (found.kept, found.figures["files_restricted"], found.figures["restrictions_ever"]) == (True, 1, 2)
    from vault import restrictions

    sources = list(restrictions._sources)
    try:
        breaking(file, practitioner)
        broken = measured(LATER)
    finally:
        restrictions._sources[:] = sources
    assert (broken.kept, broken.figures[figure]) == (False, 1)


def test_promise_counts_a_write_beside_the_rules(file: PatientFile, practitioner: User) -> None:
    from records.actions.journal import journal

    with working(practitioner) as by:
        journal(file, "file.changed", file_id=file.pk, by=by, now=timezone.now())
    broken = measured(LATER)
    assert (broken.kept, broken.figures["changes_while_restricted"]) == (False, 1)


def test_reading_of_before_the_commit_is_no_breach_whatever_the_requests_clocks_say(practitioner: User) -> None:
    """Who clicked earlier isn't who is written earlier: the page was let in, then the restriction was committed."""
    file = make_file(practitioner)
    seen(file, practitioner, NOW + timedelta(minutes=5))
    restrict(file, now=NOW)
    seen(file, practitioner, NOW - timedelta(minutes=5))  # let in before, written a moment after
    assert measured(LATER).kept


def test_reading_between_two_restrictions_is_no_breach(practitioner: User) -> None:
    file = make_file(practitioner)
    lift(tell(restrict(file)))
    seen(file, practitioner, timezone.now())
    restrict(file)
    assert measured(LATER).kept


def test_restriction_whose_journal_is_lost_counts_from_the_moment_on_its_row(
    file: PatientFile, practitioner: User
) -> None:
    """After a restore the rows are put back, their lines aren't."""
    by_hand("alter table audit_evententry disable trigger user")
    by_hand("delete from audit_evententry where verb like 'records.restriction.%%'")
    assert measured(LATER).kept
    seen(file, practitioner, timezone.now())
    assert measured(LATER).figures["readings_while_restricted"] == 1
