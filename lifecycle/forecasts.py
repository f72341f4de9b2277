"""Which patient files leave, and which holds keep from leaving (NEW-04)."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from django.db import connection

from care.tenancy import ALL, scope
from privacy.forecast import Leaving, forecast

FILES: Final = """
SELECT date_trunc('month', greatest(file.retain_until + 1, %(today)s::date))::date,
       file.retention_rule, count(*), hold.file_id IS NOT NULL
FROM records_patientfile file
LEFT JOIN (SELECT DISTINCT file_id FROM lifecycle_hold WHERE lifted_at IS NULL) hold ON hold.file_id = file.id
WHERE file.retain_until < %(until)s
GROUP BY 1, 2, 4
"""


@forecast
def patient_files(today: date, until: date) -> Iterator[Leaving]:
    """Files by the end stored with them: kept through that day, they leave on the next."""
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(FILES, {"today": today, "until": until})
        found = cursor.fetchall()
    for month, rule, count, held in found:
        yield Leaving(month, rule, "records.PatientFile", count, held)
