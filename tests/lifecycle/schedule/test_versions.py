"""Versions of the schedule: proposed, approved once on top of the one in force, shown before and after (NEW-05)."""

from datetime import date

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from accounts.models import User
from audit.models import EventEntry
from care.tenancy import ALL, scope
from lifecycle.models import ScheduleVersion
from lifecycle.schedule import queries
from lifecycle.schedule.actions import approve
from lifecycle.schedule.report import Line, report
from praticonnect.database import as_owner
from privacy.clocks import Period
from privacy.refusals import Refused
from privacy.schedule import SHIPPED, BadSchedule, in_force
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.schedule.helpers import BY, approved, medical, proposed
from tests.lifecycle.test_future import FILE, fingerprint
from tests.records.factories import NOW, make_file

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


def told(number: int) -> queries.Version:
    version = queries.version(number)
    assert version is not None
    return version


def test_code_is_in_force_until_a_version_is_approved() -> None:
    assert in_force() == SHIPPED
    first = proposed(PC_41=medical(25))
    assert (first.number, first.replaces, in_force()) == (2, 1, SHIPPED)
    approve(number=2, by=BY, now=NOW)
    assert (in_force().number, in_force().rules["PC-41"].length) == (2, Period(years=25))
    assert in_force().sha256 == first.sha256


def test_rules_left_out_stay_as_they_are_in_force() -> None:
    approved(PC_41=medical(25))
    approved(PC_51={"anchor": "consent_end", "length": {"years": 6}})
    rules = in_force().rules
    assert (rules["PC-41"].length, rules["PC-51"].length) == (Period(years=25), Period(years=6))


def test_each_step_has_its_line_in_the_journal() -> None:
    row = approved(PC_41=medical(25))
    verbs = EventEntry.objects.filter(object_type="lifecycle.ScheduleVersion").values_list("verb", "object_id")
    assert [verb for verb, _ in verbs.order_by("id")] == ["lifecycle.schedule.proposed", "lifecycle.schedule.approved"]
    assert str(row.pk) in {object_id for _, object_id in verbs}


def test_proposal_that_changes_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="in force already"):
        proposed(PC_41=medical(20))
    with pytest.raises(BadSchedule, match="PC-41, anchor: missing"):
        proposed(PC_41={"length": {"years": 3}})
    assert ScheduleVersion.objects.count() == 0


def test_no_schedule_promises_what_the_program_fixes() -> None:
    with pytest.raises(Refused, match="PC-43: what is kept under it leaves after a time fixed"):
        proposed(PC_43={"anchor": "event", "length": {"years": 2}})
    with pytest.raises(Refused, match="PC-51, length: the program keeps this longer"):
        proposed(PC_51={"anchor": "consent_end", "length": {"years": 4}})


def test_version_is_approved_once_and_only_on_top_of_the_one_in_force() -> None:
    first, second = proposed(PC_41=medical(25)), proposed(PC_41=medical(30))
    assert [one.is_open for one in queries.versions()] == [True, True]
    approve(number=first.number, by=BY, now=NOW)
    with pytest.raises(Refused, match="approved already"):
        approve(number=first.number, by=BY, now=NOW)
    with pytest.raises(Refused, match="Propose it again"):
        approve(number=second.number, by=BY, now=NOW)
    with pytest.raises(Refused, match="no such version"):
        approve(number=9, by=BY, now=NOW)
    assert in_force().number == first.number


def test_database_takes_one_approval_on_each_version_and_changes_none() -> None:
    approved(PC_41=medical(25))
    row = ScheduleVersion.objects.get(step="approved")
    with pytest.raises(IntegrityError, match="schedule_replaced_once"), transaction.atomic():
        ScheduleVersion.objects.create(
            number=3, step="approved", replaces=1, rules=row.rules, sha256=row.sha256, at=NOW, actor_role="operations"
        )
    with pytest.raises(ProgrammingError, match="evidence only grows"), transaction.atomic(), as_owner():
        ScheduleVersion.objects.update(rules={})


def test_report_tells_before_and_after_by_month_and_changes_nothing(practitioner: User) -> None:
    make_file(practitioner)
    make_file(practitioner, surname="Petit", birth_date="2020-03-05")
    longer = proposed(PC_41=medical(25))
    before = fingerprint()
    found = report(told(longer.number), NOW)
    assert fingerprint() == before
    assert (found.later, found.earlier, found.same) == (2, 0, 0)
    assert [line for line in found.lines if line.kind == FILE] == [
        Line(date(2046, 11, 1), "PC-41", FILE, 1, 0),
        Line(date(2048, 4, 1), "LAW-01", FILE, 1, 0),
        Line(date(2051, 11, 1), "PC-41", FILE, 0, 2),
    ]


def test_report_of_a_shorter_schedule_leaves_what_a_birthday_decides(practitioner: User) -> None:
    make_file(practitioner)
    make_file(practitioner, surname="Petit", birth_date="2020-03-05")
    found = report(told(proposed(PC_41=medical(15)).number), NOW)
    assert (found.later, found.earlier, found.same) == (0, 1, 1)
    assert found.by_rule() == [("PC-41", FILE, 1, 1)]


def test_report_moves_the_month_a_birthday_decides(practitioner: User) -> None:
    make_file(practitioner, surname="Petit", birth_date="2020-03-05")
    found = report(told(proposed(LAW_01={"anchor": "birth", "length": {"years": 30}}).number), NOW)
    assert [(line.month, line.before, line.after) for line in found.lines] == [
        (date(2048, 4, 1), 1, 0),
        (date(2050, 4, 1), 0, 1),
    ]


def test_other_records_are_reported_by_their_own_forecast(practitioner: User) -> None:
    from tests.lifecycle.test_future import test_proofs_of_a_withdrawn_consent_leave_after_five_years as withdraw

    withdraw(practitioner)
    found = report(told(proposed(PC_51={"anchor": "consent_end", "length": {"years": 6}}).number), NOW)
    was = {line.month: line.before for line in found.lines if line.before}
    assert (was[date(2031, 11, 1)], {line.kind for line in found.lines}) == (2, {"consents.ConsentEvent"})
    becomes = {line.month: line.after for line in found.lines if line.after}
    assert becomes == {month.replace(year=month.year + 1): count for month, count in was.items()}


def test_new_files_follow_the_schedule_in_force(practitioner: User) -> None:
    approved(PC_41=medical(25))
    file = make_file(practitioner)
    with scope(ALL):
        assert PatientFile.objects.get(pk=file.pk).retain_until == date(2051, 11, 18)
