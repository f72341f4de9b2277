"""The promises of the archive (PC-41) and of deaths (LAW-02), each broken by hand."""

from datetime import date, timedelta

import pytest
from django.db import connection

from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.purposes import Purpose
from records import actions
from records.clock_promises import archive_opens_with_a_reason_only, ends_by_rule, files_of_the_dead_end_ten_years_later
from records.holds import holds_of
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, make_consultation, make_file, working
from tests.records.test_archive import SEEN, archive, as_owner_of, open_it
from vault import access, rings

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
LATER = NOW + timedelta(days=60)


@pytest.fixture
def owner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(owner: User) -> PatientFile:
    return archive(make_file(owner, now=SEEN))


def broken() -> dict[str, int]:
    found = archive_opens_with_a_reason_only(NOW)
    names = {name: number for name, number in found.figures.items() if number and name not in GOOD}
    assert found.kept is not bool(names)
    return names


GOOD = {"archived_files", "openings_of_the_archive", "open_again"}


def by_hand(sql: str, *triggers: str) -> None:
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for table in triggers:
            cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(sql)
        for table in triggers:
            cursor.execute(
                f"alter table {table} enable always trigger opening_stands" if "opening" in table else "select 1"
            )


def test_opened_archive_keeps_the_promise(owner: User, file: PatientFile) -> None:
    open_it(file, as_owner_of(owner))
    found = archive_opens_with_a_reason_only(NOW)
    assert (found.kept, {name: found.figures[name] for name in GOOD}) == (
        True, {"archived_files": 0, "openings_of_the_archive": 1, "open_again": 1},
    )  # fmt: skip


def test_archived_file_seen_in_daily_work_breaks_the_promise(owner: User, file: PatientFile) -> None:
    """As it would be if a page forgot to ask for the day, and the key still hung where it was."""
    rings.activate([file.pk], NOW)
    with working(owner) as by:
        access.open(file.pk, by=by, purpose=Purpose.CARE, part="file", practice_id=file.practice_id, now=NOW)
    assert broken() == {"archived_files_seen_in_daily_work": 1}


def test_reading_of_the_archive_without_an_opening_breaks_the_promise(owner: User, file: PatientFile) -> None:
    with working(owner) as by:
        access.open(
            file.pk,
            by=by,
            purpose=Purpose.CARE,
            part="archive",
            practice_id=file.practice_id,
            now=NOW,
            from_archive=True,
        )
    assert broken() == {"readings_of_the_archive_without_an_opening": 1}


def test_opening_without_its_journal_line_breaks_the_promise(owner: User, file: PatientFile) -> None:
    open_it(file, as_owner_of(owner))
    by_hand("delete from audit_evententry where verb = 'records.archive.opened'", "audit_evententry")
    assert broken() == {"openings_without_a_journal_line": 1}


def test_opening_made_longer_by_hand_breaks_the_promise(owner: User, file: PatientFile) -> None:
    open_it(file, as_owner_of(owner))
    by_hand("update records_archiveopening set until = until + 1", "records_archiveopening")
    assert broken() == {"openings_longer_than_thirty_days": 1}


def test_openings_that_could_be_rewritten_break_the_promise() -> None:
    by_hand("alter table records_archiveopening disable trigger opening_stands")
    assert broken() == {"openings_that_could_be_rewritten": 1}


@pytest.fixture
def dead(owner: User) -> PatientFile:
    """Died on 3 December 2026: kept until 31 December 2036."""
    file = make_file(owner, birth_date="1931-07-23")
    make_consultation(file, owner, signed=True)
    with working(owner) as by:
        return actions.record_death(file=file, died_on="2026-12-03", by=by, now=LATER)


def test_recorded_death_keeps_the_promise(dead: PatientFile) -> None:
    found = files_of_the_dead_end_ten_years_later(LATER)
    assert (found.kept, found.figures["deaths_recorded"], found.figures["files_shortened"]) == (True, 1, 1)
    assert found.figures["files_opened"] == 1


@pytest.mark.parametrize(
    ("changes", "figure"),
    [
        ({"retain_until": date(2036, 11, 30)}, "files_ending_otherwise"),
        ({"retain_until": date(2046, 11, 18), "retention_rule": "PC-41"}, "files_ending_otherwise"),
        ({"retain_until": date(2036, 12, 3)}, "ends_that_tell_the_day"),
        ({"died_on": None}, "files_shortened_without_a_death"),
    ],
)
def test_end_after_a_death_changed_by_hand_breaks_the_promise(dead: PatientFile, changes: dict, figure: str) -> None:
    with scope(ALL):
        PatientFile.objects.filter(pk=dead.pk).update(**changes)
    found = files_of_the_dead_end_ten_years_later(LATER)
    assert (found.kept, found.figures[figure]) == (False, 1)


def test_file_shortened_under_another_law_breaks_the_promise(dead: PatientFile) -> None:
    with scope(ALL):
        dead.practice.jurisdiction = "IL"
        dead.practice.save()
    assert files_of_the_dead_end_ten_years_later(LATER).figures["files_shortened_under_another_law"] == 1


def test_shortening_of_a_dead_patients_file_fits_its_clear_facts(dead: PatientFile) -> None:
    """NEW-03 and PC-41 can't read the day; they know the earliest and the latest it can be."""
    with scope(ALL):
        row = PatientFile.objects.select_related("practice").get(pk=dead.pk)
        assert ends_by_rule(row, ()) is True
        for end, fits in (
            (date(2036, 10, 31), True), (date(2036, 9, 30), False), (date(2036, 12, 30), False),
            (date(2046, 11, 30), True), (date(2046, 12, 31), False),
        ):  # fmt: skip
            row.retain_until = end
            assert (end, ends_by_rule(row, ())) == (end, fits)


def test_lifted_hold_lengthens_the_ten_years_too(dead: PatientFile) -> None:
    hold = place(dead, now=LATER, review_on=date(2027, 6, 1))
    lift(hold, now=LATER + timedelta(days=40))
    with scope(ALL):
        row = PatientFile.objects.select_related("practice").get(pk=dead.pk)
        assert (row.retain_until, row.retention_rule) == (date(2037, 1, 31), "LAW-02")
        assert ends_by_rule(row, holds_of([row.pk])[row.pk]) is True
    assert files_of_the_dead_end_ten_years_later(LATER).kept is True


def test_dead_childs_file_fits_its_clear_facts(owner: User) -> None:
    """Its 28th birthday comes before the twenty years that the death cut short."""
    file = make_file(owner, birth_date="2012-03-05")
    make_consultation(file, owner, signed=True)
    with working(owner) as by:
        row = actions.record_death(file=file, died_on="2026-12-03", by=by, now=LATER)
    assert (row.retain_until, row.retention_rule) == (date(2040, 3, 31), "LAW-01")
    with scope(ALL):
        assert ends_by_rule(PatientFile.objects.select_related("practice").get(pk=file.pk), ()) is True
    assert files_of_the_dead_end_ten_years_later(LATER).kept is True


def test_measuring_is_journaled(dead: PatientFile) -> None:
    from audit.models import AccessEntry

    files_of_the_dead_end_ten_years_later(LATER)
    line = AccessEntry.objects.filter(subject_id=dead.pk).latest("id")
    assert (line.action, line.purpose, line.actor_role) == ("verify", "legal", Actor.system("x").role)
