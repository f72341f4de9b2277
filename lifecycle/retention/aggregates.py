"""What stays of what left: counts by month, kind, rule and law, of all practices together, about nobody (MD-21)."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from privacy.clocks import legal_day

# One row of figures for all kinds; each kind becomes a row, added to what the month has already. In the order of
# the constraint, so that two transactions wait for each other instead of meeting crosswise.
ADD = """
insert into lifecycle_departed as departed (id, month, kind, rule, jurisdiction, count)
select gen_random_uuid(), %(month)s, named.kind, sums.rule, sums.jurisdiction, sums.figures[named.place]
  from (select disposal.rule, practice.jurisdiction, array[count(*),
               sum((counts ->> 'consultations')::bigint), sum((counts ->> 'measures')::bigint),
               sum((counts ->> 'documents')::bigint)] as figures
          from lifecycle_disposal disposal join care_practice practice on practice.id = disposal.practice_id
         where disposal.file_id = any(%(files)s) group by 1, 2) sums
 cross join unnest(%(kinds)s::text[]) with ordinality as named (kind, place)
 where sums.figures[named.place] > 0
 order by named.kind, sums.rule, sums.jurisdiction
on conflict (month, kind, rule, jurisdiction) do update set count = departed.count + excluded.count
"""
KINDS = ("records.PatientFile", "records.Consultation", "records.Measure", "records.Document")
"""In the order of the sums."""


def count_departed(files: list[UUID], now: datetime) -> None:
    """Add the decided ``files`` and their rows to their month. Call it in the deciding transaction."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, {"files": files, "month": legal_day(now).replace(day=1), "kinds": list(KINDS)})
