"""What another schedule makes of stored ends, in SQL: no file is opened (NEW-05).

The sealed days aren't known here: where the 28th birthday or the death decides, the stored end is
moved by the rule's own change; where it doesn't decide, only the medical rule is counted. So for a
longer schedule the new end is exact (to the month where a sealed day decides), and for a shorter
one it is the earliest possible: a birthday may still put it off.
"""

import json
from typing import Any, Final

from privacy.clocks import ZONES, Period
from privacy.retention import DEATH, MEDICAL, MINOR
from privacy.schedule import Rules

NEW_ENDS: Final = """
SELECT said.id, said.seen, said.retain_until, said.retention_rule, made.new_until,
       CASE WHEN said.base IS NULL OR made.new_until <> said.base THEN %(medical)s
            ELSE said.retention_rule END AS new_rule
FROM (
  SELECT known.*,
         CASE WHEN %(minor)s = ANY (known.rules) AND %(minor_moves)s
                THEN (date_trunc('month', known.retain_until - %(minor_before)s::interval + %(minor_after)s::interval)
                      + interval '1 month' - interval '1 day')::date
              WHEN %(death)s = ANY (known.rules) AND %(death_moves)s
                THEN (date_trunc('month', known.retain_until - %(death_before)s::interval + %(death_after)s::interval)
                      + interval '1 month' - interval '1 day')::date
              WHEN known.rules <> ARRAY[%(medical)s] THEN known.retain_until END AS base,
         (known.seen + %(medical_after)s::interval)::date
           + CASE WHEN %(held_days)s AND %(medical)s = ANY (known.rules)
                  THEN greatest(0, known.retain_until - (known.seen + %(medical_before)s::interval)::date) ELSE 0 END AS medical
  FROM (
    SELECT file.id, file.retain_until, file.retention_rule,
           string_to_array(file.retention_rule, ',') AS rules,
           coalesce(file.last_consultation_on,
                    (file.created_at AT TIME ZONE (%(zones)s::jsonb ->> practice.jurisdiction))::date) AS seen
    FROM records_patientfile file JOIN care_practice practice ON practice.id = file.practice_id
    WHERE {where}
  ) AS known
) AS said
CROSS JOIN LATERAL (
  SELECT CASE WHEN %(death)s = ANY (said.rules) THEN least(said.base, said.medical)
              ELSE greatest(said.base, said.medical) END AS new_until
) AS made
"""


def parameters(before: Rules, after: Rules, *, held_days: bool = True) -> dict[str, Any]:
    """What NEW_ENDS needs to count from ``before`` to ``after``.

    With ``held_days`` what an end has over its rule counts as days that lifted holds gave back.
    """
    found: dict[str, Any] = {"zones": json.dumps({where.value: zone.key for where, zone in ZONES.items()})}
    for name, rule in (("medical", MEDICAL), ("minor", MINOR), ("death", DEATH)):
        old, new = before[rule.id].length, after[rule.id].length
        found |= {
            name: rule.id,
            f"{name}_before": _interval(old),
            f"{name}_after": _interval(new),
            f"{name}_moves": old != new,
        }
    return found | {"held_days": held_days, "active": _interval(after[MEDICAL.id].active)}


def _interval(period: Period | None) -> str:
    """A period as PostgreSQL adds it: months first, clamped to the month's last day, then days (as ``Period.after``)."""
    counted = period or Period()
    return f"{12 * counted.years + counted.months} months {counted.days} days"
