"""Which patient files leave, and which holds keep from leaving (NEW-04)."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from django.db import connection

from care.tenancy import ALL, scope
from lifecycle.deletion import forecasts as _deletion  # noqa: F401 - registers the accounts that are to be deleted
from lifecycle.erasure import forecasts as _erasure  # noqa: F401 - registers the identities of closed accounts
from lifecycle.expiring import forecasts as _expiring  # noqa: F401 - registers what leaves of closed accounts
from lifecycle.schedule.formula import NEW_ENDS, parameters
from lifecycle.schedule.queries import in_force
from privacy.forecast import Leaving, forecast
from privacy.schedule import supposed

FILES: Final = """
SELECT date_trunc('month', greatest(file.retain_until + 1, %(today)s::date))::date,
       file.retention_rule, count(*), hold.file_id IS NOT NULL
FROM {files} file
LEFT JOIN (SELECT file_id FROM lifecycle_hold WHERE lifted_at IS NULL
            UNION SELECT file_id FROM records_restriction WHERE lifted_at IS NULL) hold ON hold.file_id = file.id
WHERE file.retain_until < %(until)s
GROUP BY 1, 2, 4
"""
STORED: Final = FILES.format(files="records_patientfile")
SUPPOSED: Final = FILES.format(
    files=f"(SELECT id, new_until AS retain_until, new_rule AS retention_rule FROM ({NEW_ENDS.format(where='TRUE')}) AS ends)"  # noqa: S608
)


@forecast
def patient_files(today: date, until: date) -> Iterator[Leaving]:
    """Files by the end stored with them, or by the one another schedule would give: kept through it, they leave on the next day."""
    query, asked = _asked()
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(query, {"today": today, "until": until, **asked})
        found = cursor.fetchall()
    for month, rule, count, held in found:
        yield Leaving(month, rule, "records.PatientFile", count, held)


def _asked() -> tuple[str, dict[str, Any]]:
    other = supposed()
    stored = in_force()
    if other is None or other.number == stored.number:
        return STORED, {}
    return SUPPOSED, parameters(stored.rules, other.rules)
