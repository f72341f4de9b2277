"""What a changed schedule promises, measured on the live database (NEW-05)."""

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Exists, F, OuterRef

from care.tenancy import ALL, scope
from lifecycle.models import ScheduleVersion, Step
from lifecycle.schedule.formula import parameters
from lifecycle.schedule.queries import in_force
from lifecycle.schedule.redating import waiting
from privacy.promises import Measure, promise
from privacy.schedule import SHIPPED, SHIPPED_SHA256, Schedule, digest
from records.models import PatientFile

TESTS: Final = "tests/lifecycle/schedule/test_redating.py"
GUARD: Final = """
select count(*) from pg_trigger
where tgrelid = 'lifecycle_disposal'::regclass and tgname = 'disposal_dated' and tgenabled = 'A'
"""
# The medical rule is the shortest end any file has, but for a death, whose day is sealed.
EARLIER: Final = """
SELECT count(*) FROM records_patientfile file JOIN care_practice practice ON practice.id = file.practice_id
WHERE file.leaving_at IS NULL AND NOT %(death)s = ANY (string_to_array(file.retention_rule, ','))
  AND file.retain_until < (coalesce(file.last_consultation_on,
        (file.created_at AT TIME ZONE (%(zones)s::jsonb ->> practice.jurisdiction))::date) + %(medical_after)s::interval)::date
"""
TOO_SOON: Final = """
SELECT count(*) FROM lifecycle_disposal disposal JOIN care_practice practice ON practice.id = disposal.practice_id
WHERE disposal.reason = 'term'
  AND disposal.until >= (disposal.decided_at AT TIME ZONE (%(zones)s::jsonb ->> practice.jurisdiction))::date
"""


@promise("NEW-05", checked_by=TESTS)
def every_file_follows_the_approved_schedule(now: datetime) -> Measure:
    """No file ends earlier than the schedule in force says, each carries its version, and none was destroyed before its end.

    Each version in force was proposed and approved as it stands, and the code still ships version 1 as it was.
    """
    schedule = in_force()
    with scope(ALL):
        broken = {
            "files_of_an_older_version": waiting(schedule).count(),
            "files_of_a_version_that_is_not": PatientFile.objects.filter(schedule_version__gt=schedule.number).count(),
            "files_ending_earlier": _number(EARLIER, schedule),
            "destroyed_before_their_end": _number(TOO_SOON, schedule),
            "versions_changed_since": _changed(),
            "guards_missing": 1 - _number(GUARD, schedule),
            "code_changed_without_a_proposal": int(SHIPPED.sha256 != SHIPPED_SHA256),
        }
        files = PatientFile.objects.filter(leaving_at=None).count()
    return Measure(not any(broken.values()), {"version_in_force": schedule.number, "files": files} | broken)


def _changed() -> int:
    """Steps whose digest isn't that of their rules, and approvals of what wasn't proposed so."""
    rows = ScheduleVersion.objects.iterator()
    wrong = sum(digest(row.rules) != row.sha256 for row in rows)
    same = ScheduleVersion.objects.filter(
        step=Step.PROPOSED, number=OuterRef("number"), sha256=OuterRef("sha256"), replaces=OuterRef("replaces"),
        at__lte=OuterRef("at"),
    )  # fmt: skip
    return wrong + ScheduleVersion.objects.filter(~Exists(same), step=Step.APPROVED, number__gt=F("replaces")).count()


def _number(sql: str, schedule: Schedule) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters(schedule.rules, schedule.rules))
        return int(cursor.fetchone()[0])
