"""Every file follows the approved schedule: none ends earlier, each carries its version, nothing stale leaves (NEW-05)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from lifecycle.models import Disposal, ScheduleVersion
from lifecycle.retention import door
from lifecycle.schedule import redating
from lifecycle.schedule.actions import approve
from lifecycle.schedule.promises import every_file_follows_the_approved_schedule
from lifecycle.schedule.queries import in_force
from lifecycle.schedule.redating import due, redate_all, redate_batch, sweep
from praticonnect.database import as_owner
from records.clock import set_clock
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.schedule.helpers import BY, approved, medical, proposed
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, make_consultation, make_file
from vault import rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
SEEN = date(2026, 11, 18)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


def row(file: PatientFile) -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.select_related("practice").get(pk=file.pk)


def ends(file: PatientFile) -> tuple[date, str, int]:
    found = row(file)
    return found.retain_until, found.retention_rule, found.schedule_version


def redate() -> int:
    return redate_all(by=BY, now=NOW).done


def opened() -> int:
    return AccessEntry.objects.filter(part="clock").count()


def test_lengthening_moves_every_end_without_opening_a_file(practitioner: User) -> None:
    adult, child = make_file(practitioner), make_file(practitioner, birth_date="2024-03-05")
    seen = make_file(practitioner)
    make_consultation(seen, practitioner, at=NOW + timedelta(days=40), signed=True)
    before = opened()
    approved(PC_41=medical(25))
    assert (due(), redate(), due(), opened()) == (3, 3, 0, before)
    assert ends(adult) == (date(2051, 11, 18), "PC-41", 2)
    assert ends(seen) == (date(2051, 12, 28), "PC-41", 2)
    assert ends(child) == (date(2052, 3, 31), "LAW-01", 2)


def test_shortening_waits_for_the_approval_and_for_the_birthday(practitioner: User) -> None:
    adult, child = make_file(practitioner), make_file(practitioner, birth_date="2016-03-05")
    assert ends(child) == (date(2046, 11, 18), "PC-41", 1)
    proposed(PC_41=medical(15))
    assert (due(), redate(), ends(adult)) == (0, 0, (date(2046, 11, 18), "PC-41", 1))
    approve(number=2, by=BY, now=NOW)
    assert redate() == 2
    assert ends(adult) == (date(2041, 11, 18), "PC-41", 2)
    assert ends(child) == (date(2044, 3, 31), "LAW-01", 2)


def test_opening_for_a_shortening_is_journaled_file_by_file(practitioner: User) -> None:
    one = make_file(practitioner)
    make_file(practitioner, birth_date=None)
    before = opened()
    approved(PC_41=medical(15))
    redate()
    assert opened() - before == 1
    last = AccessEntry.objects.filter(part="clock").latest("id")
    assert (last.practice_id, last.actor_role, last.purpose) == (row(one).practice_id, "operations", "legal")
    detail = EventEntry.objects.get(verb="lifecycle.schedule.applied").detail
    assert detail == {"number": 2, "files": 2, "later": 0, "earlier": 2, "opened": 1}


def test_part_in_daily_use_moves_but_nothing_comes_back_from_the_archive(practitioner: User) -> None:
    daily, archived = make_file(practitioner), make_file(practitioner)
    with scope(ALL):
        PatientFile.objects.filter(pk=archived.pk).update(archived_at=NOW, active_until=SEEN - timedelta(days=1))
    approved(PC_41=medical(20, active=7))
    redate()
    assert (row(daily).active_until, row(archived).active_until) == (date(2033, 11, 18), SEEN - timedelta(days=1))
    approved(PC_41=medical(20, active=3))
    before = opened()
    redate()
    assert opened() == before
    assert (row(daily).active_until, row(archived).active_until) == (date(2029, 11, 18), SEEN - timedelta(days=1))


def test_longer_protection_of_minors_opens_those_with_a_birth_date(practitioner: User) -> None:
    child, nobody = make_file(practitioner, birth_date="2024-03-05"), make_file(practitioner, birth_date=None)
    approved(LAW_01={"anchor": "birth", "length": {"years": 30}})
    redate()
    assert (ends(child), ends(nobody)) == ((date(2054, 3, 31), "LAW-01", 2), (date(2046, 11, 18), "PC-41", 2))


def test_days_a_hold_gave_back_are_counted_again(practitioner: User) -> None:
    file = make_file(practitioner)
    lift(place(file, now=NOW + timedelta(days=10)), now=NOW + timedelta(days=40))
    assert ends(file)[0] == date(2046, 12, 18)
    approved(PC_41=medical(25))
    redate()
    assert ends(file) == (date(2051, 12, 18), "PC-41", 2)


def test_restricted_file_keeps_the_later_end(practitioner: User) -> None:
    file = make_file(practitioner, birth_date="2016-03-05")
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=NOW)
    approved(PC_41=medical(15))
    redate()
    assert ends(file) == (date(2046, 11, 18), "PC-41", 2)
    approved(PC_41=medical(17))
    redate()
    assert ends(file) == (date(2046, 11, 18), "PC-41", 3)
    approved(PC_41=medical(25))
    redate()
    assert ends(file) == (date(2051, 11, 18), "PC-41", 4)


def test_archived_file_is_opened_for_its_clock_only(practitioner: User) -> None:
    file = make_file(practitioner, birth_date="2016-03-05")
    rings.archive([file.pk], NOW)
    approved(PC_41=medical(15))
    redate()
    assert ends(file) == (date(2044, 3, 31), "LAW-01", 2)
    assert AccessEntry.objects.filter(subject_id=file.pk, action="open_archive", part="clock").count() == 1


def test_rule_of_other_records_only_gives_files_the_new_number(practitioner: User) -> None:
    file = make_file(practitioner)
    before = opened()
    approved(PC_51={"anchor": "consent_end", "length": {"years": 6}})
    redate()
    assert (ends(file), opened()) == ((date(2046, 11, 18), "PC-41", 2), before)


def test_versions_skipped_by_a_stopped_run_are_caught_up_in_one_step(practitioner: User) -> None:
    old, new = make_file(practitioner), make_file(practitioner)
    approved(PC_41=medical(25))
    assert redate_batch(1, in_force(), by=BY, now=NOW, limit=1) == 1
    approved(PC_41=medical(30))
    assert (due(), redate()) == (2, 2)
    assert {ends(old), ends(new)} == {(date(2056, 11, 18), "PC-41", 3)}


def test_batch_cut_off_leaves_nothing_half_done(practitioner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file(practitioner)
    approved(PC_41=medical(15))
    monkeypatch.setattr(redating, "_journal", _crash)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        redate()
    assert (ends(file), due()) == ((date(2046, 11, 18), "PC-41", 1), 1)
    monkeypatch.undo()
    outcome = sweep(by=BY, now=NOW, dry_run=False)["NEW-05"]
    assert (outcome.due, outcome.done, ends(file)) == (1, 1, (date(2041, 11, 18), "PC-41", 2))
    assert sweep(by=BY, now=NOW, dry_run=True)["NEW-05"].due == 0


def _crash(*_args: object) -> None:
    raise KeyboardInterrupt


def test_stale_file_doesnt_leave_before_it_is_redated(practitioner: User) -> None:
    """The end by the old schedule is past, the end by the approved one isn't: neither the door nor PostgreSQL lets it go."""
    file = make_file(practitioner)
    later = datetime(2047, 1, 1, 12, tzinfo=UTC)
    approved(PC_41=medical(25))
    assert door.decide(None, reason="term", by=BY, now=later) == []
    assert door.decide([file.pk], reason="erasure", by=BY, now=later) == []
    with pytest.raises(IntegrityError, match="older schedule"), transaction.atomic(), scope(ALL):
        Disposal.objects.create(
            file_id=file.pk, practice_id=file.practice_id, rule="PC-41", until=file.retain_until, reason="term",
            counts={}, decided_at=later, actor_role="system",
        )  # fmt: skip
    redate()
    assert door.decide(None, reason="term", by=BY, now=later) == []
    assert door.decide(None, reason="term", by=BY, now=datetime(2052, 1, 1, tzinfo=UTC)) == [file.pk]


def measured() -> Any:
    return every_file_follows_the_approved_schedule(NOW)


def test_promise_holds_after_a_change_and_breaks_when_an_end_is_moved_by_hand(practitioner: User) -> None:
    file = make_file(practitioner)
    assert measured().kept is True
    approved(PC_41=medical(25))
    assert (measured().kept, measured().figures["files_of_an_older_version"]) == (False, 1)
    redate()
    assert (measured().kept, measured().figures["version_in_force"]) == (True, 2)
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(retain_until=date(2051, 11, 17))
    assert (measured().kept, measured().figures["files_ending_earlier"]) == (False, 1)


def test_promise_breaks_when_a_version_is_changed_by_hand() -> None:
    approved(PC_41=medical(25))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table lifecycle_scheduleversion disable trigger all")
        ScheduleVersion.objects.filter(step="approved").update(rules={})
    assert measured().figures["versions_changed_since"] == 1


def test_promise_breaks_when_the_guard_is_taken_away() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table lifecycle_disposal disable trigger disposal_dated")
    assert (measured().kept, measured().figures["guards_missing"]) == (False, 1)


SEEN_DAYS = st.dates(min_value=date(1999, 1, 1), max_value=date(2028, 12, 31))
BIRTHS = st.none() | st.dates(min_value=date(1930, 1, 1), max_value=date(2020, 12, 31))
YEARS = st.integers(min_value=6, max_value=60)


class EqualToTheRulesTest(TestCase):
    """Whatever the change, the stored end is what the rules give the facts: the way through SQL and the other agree."""

    databases = {"default", "keys"}

    @examples(max_examples=25)
    @given(
        st.lists(st.tuples(SEEN_DAYS, BIRTHS), min_size=1, max_size=4),
        st.lists(YEARS, min_size=1, max_size=3, unique=True),
    )
    def test_ends_are_those_of_the_rules(self, people: list[tuple[date, date | None]], lengths: list[int]) -> None:
        user = make_practitioner(now=LONG_AGO)
        files = {}
        for seen, born in people:
            file = make_file(user, birth_date=born.isoformat() if born else None)
            files[file.pk] = (seen, born)
            with scope(ALL):
                found = row(file)
                found.last_consultation_on = seen
                set_clock(found, born.isoformat() if born else None, died_on=None)
                found.save()
        for years in [20, *lengths]:
            if in_force().rules["PC-41"].length.years != years:
                approved(PC_41=medical(years))
            redate()
            with scope(ALL):
                for found in PatientFile.objects.select_related("practice").filter(pk__in=files):
                    stored = (found.retain_until, found.active_until, found.schedule_version)
                    _seen, born = files[found.pk]
                    term = set_clock(found, born.isoformat() if born else None, died_on=None)
                    assert stored == (found.retain_until, found.active_until, in_force().number), (found, term)
            assert every_file_follows_the_approved_schedule(NOW).kept
