"""After five years a file goes to the archive: out of daily work by its stored day, its key moved by the sweep (PC-41)."""

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction

from accounts.models import User
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from lifecycle.retention import archiving, sweep
from privacy.purposes import Purpose
from records import queries
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.retention.helpers import ARCHIVED, BY, make_full_file, ring_of, stored
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, make_consultation, make_file, working
from vault import access
from vault.errors import KeyRefused

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
SECOND = timedelta(seconds=1)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    return make_full_file(practitioner)


def in_daily_use(practitioner: User, now: datetime) -> int:
    with working(practitioner):
        return queries.files_for(practitioner, now).count()


def test_daily_use_ends_at_the_midnight_after_its_last_day_without_any_sweep(
    practitioner: User, file: PatientFile
) -> None:
    assert stored(file.pk).active_until == date(2031, 11, 18)
    assert [in_daily_use(practitioner, at) for at in (ARCHIVED - SECOND, ARCHIVED)] == [1, 0]
    with working(practitioner):
        assert queries.files_of(practitioner).count() == 1


def test_sweep_moves_the_key_once_and_says_so(file: PatientFile) -> None:
    assert archiving.archive_due(by=BY, now=ARCHIVED - SECOND) == 0
    assert ring_of(file.pk) == "active"
    assert [archiving.archive_due(by=BY, now=ARCHIVED) for _ in range(2)] == [1, 0]
    assert (ring_of(file.pk), stored(file.pk).archived_at) == ("archive", ARCHIVED)
    assert EventEntry.objects.get(verb="lifecycle.file.archived").subject_id == file.pk


def test_archived_key_opens_only_when_the_archive_is_asked_for(file: PatientFile) -> None:
    archiving.archive_due(by=BY, now=ARCHIVED)

    def opened(**asked: bool) -> str | None:
        with transaction.atomic():
            handle = access.open(
                file.pk, by=BY, purpose=Purpose.LEGAL, part="file", practice_id=None, now=ARCHIVED, **asked
            )
            return handle.read(stored(file.pk), "surname")

    with pytest.raises(KeyRefused, match="archived"):
        opened()
    assert opened(from_archive=True) == "Lefèvre"
    assert AccessEntry.objects.filter(action="open_archive", subject_id=file.pk).count() == 1


def test_a_new_consultation_brings_a_file_back_into_daily_use(practitioner: User, file: PatientFile) -> None:
    archiving.archive_due(by=BY, now=ARCHIVED)
    from vault import rings

    rings.activate([file.pk], ARCHIVED)  # what a reopening does first
    make_consultation(file, practitioner, at=ARCHIVED)
    assert (ring_of(file.pk), stored(file.pk).archived_at) == ("active", None)
    assert stored(file.pk).active_until == date(2036, 11, 19)


def test_archiving_by_name_ends_daily_use_at_once_and_keeps_the_end(practitioner: User, file: PatientFile) -> None:
    assert [archiving.archive_files([file.pk], by=BY, now=NOW) for _ in range(2)] == [1, 0]
    assert (ring_of(file.pk), stored(file.pk).active_until) == ("archive", date(2026, 11, 17))
    assert stored(file.pk).retain_until == date(2046, 11, 18)
    assert in_daily_use(practitioner, NOW) == 0


def test_lengthened_daily_use_brings_the_key_back(file: PatientFile) -> None:
    archiving.archive_due(by=BY, now=ARCHIVED)
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(active_until=date(2033, 1, 1))
    assert [archiving.activate_due(by=BY, now=ARCHIVED) for _ in range(2)] == [1, 0]
    assert (ring_of(file.pk), stored(file.pk).archived_at) == ("active", None)


def test_child_s_file_is_archived_like_any_other_and_kept_until_28(practitioner: User) -> None:
    child = make_file(practitioner, birth_date="2024-06-15")
    assert (stored(child.pk).active_until, stored(child.pk).retain_until) == (date(2031, 11, 18), date(2052, 6, 30))


def test_hold_on_an_archived_file_is_lifted_and_gives_its_days_back(file: PatientFile) -> None:
    archiving.archive_due(by=BY, now=ARCHIVED)
    hold = place(file, now=ARCHIVED, review_on=date(2032, 1, 1))
    lift(hold, now=ARCHIVED + timedelta(days=40))
    assert stored(file.pk).retain_until == date(2046, 12, 28)


def test_sweep_counts_and_changes_nothing_unless_told(file: PatientFile) -> None:
    outcome = sweep.archive(by=BY, now=ARCHIVED)[sweep.ARCHIVE]
    assert (outcome.due, outcome.done, outcome.since) == (1, 0, date(2031, 11, 19))
    assert ring_of(file.pk) == "active"
    outcome = sweep.archive(by=BY, now=ARCHIVED, dry_run=False)[sweep.ARCHIVE]
    assert (outcome.due, outcome.done) == (1, 1)
    assert sweep.archive(by=BY, now=ARCHIVED, dry_run=False)[sweep.ARCHIVE].counts() == dict.fromkeys(
        ("due", "done", "held", "failed"), 0
    )
