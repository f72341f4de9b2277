"""When the proof of a consent leaves: five years after what it established ended (PC-13, PC-51).

A yes ends with the next entry of its switch or its parent's withdrawal, a no at its own moment, and everything of an
account with the account's closing. What a switch says now never changes because an old proof leaves: an entry that a
living yes still rests on stays with it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection

from audit.actors import Actor
from audit.calendar import expire_rows
from consents.models import ConsentEvent
from consents.queries import facts, last_day
from consents.states import RESULT, Fact, Position, fold
from privacy.clocks import legal_day
from privacy.retention_rules import RULES

RULE: Final = RULES["PC-51"].id
BATCH: Final = 5_000
ONE_DAY: Final = timedelta(days=1)
LONGEST: Final = 366 * 200
NOES: Final = [action.value for action, position in RESULT.items() if position is Position.OFF]
# Each entry until now with the day on which what it established ended, where it has (consents.states.ended_at).
ENDED: Final = """
SELECT subject_id, seq, number, (CASE WHEN action = ANY(%(noes)s) THEN at ELSE least(next_at, parent_off_at, closed_at) END
                                 AT TIME ZONE 'Europe/Paris')::date AS ended_on
FROM (
  SELECT subject_id, seq, number, action, at,
         lead(at) OVER (PARTITION BY subject_id, key, child ORDER BY number) AS next_at,
         CASE WHEN child <> '' THEN (
           SELECT parent.at FROM consents_consentevent parent
           WHERE parent.subject_id = event.subject_id AND parent.key = event.key AND parent.child = ''
             AND parent.number > event.number AND parent.action = ANY(%(noes)s) AND parent.at <= %(now)s
           ORDER BY parent.number LIMIT 1) END AS parent_off_at
  FROM consents_consentevent event WHERE at <= %(now)s
) AS entry LEFT JOIN unnest(%(closed)s::uuid[], %(closed_at)s::timestamptz[]) AS closing(account_id, closed_at)
  ON closing.account_id = entry.subject_id
"""
DUE: Final = f"""
SELECT subject_id, seq, number, ended_on FROM ({ENDED}) AS ended WHERE ended_on <= %(ended_by)s ORDER BY subject_id, number
"""  # noqa: S608 - a fixed text
BY_DAY: Final = f"SELECT ended_on, count(*) FROM ({ENDED}) AS ended WHERE ended_on IS NOT NULL GROUP BY 1"  # noqa: S608

Closings = Mapping[UUID, datetime]
"""When accounts were closed, by id."""


@dataclass(slots=True)
class Due:
    """The entries that may leave, by the numbers of their rows; how many a living yes rests on; since when the oldest is due."""

    rows: list[int] = field(default_factory=list)
    needed: int = 0
    since: date | None = None


def due(now: datetime, closed: Closings) -> Due:
    """What has reached the end of its term."""
    found = Due()
    for subject_id, entries in groupby(_past_term(now, closed), key=itemgetter(0)):
        own = {number: (seq, ended_on) for _, seq, number, ended_on in entries}
        needed = set() if subject_id in closed else needed_among(facts(subject_id, now), own.keys())
        leaving = own.keys() - needed
        found.needed += len(own) - len(leaving)
        found.rows += [own[number][0] for number in sorted(leaving)]
        days = [last_day(own[number][1]) + ONE_DAY for number in leaving]
        found.since = min([*days, *([found.since] if found.since else [])], default=None)
    return found


def expire(*, by: Actor, now: datetime, closed: Closings) -> Due:
    """Let go what is due. Safe to repeat or to cut off; each batch is one transaction."""
    found = due(now, closed)
    for start in range(0, len(found.rows), BATCH):
        numbers = found.rows[start : start + BATCH]
        expire_rows(table=ConsentEvent._meta.db_table, numbers=numbers, rule=RULE, by=by, now=now)
    return found


def needed_among(entries: list[Fact], leaving: Collection[int]) -> set[int]:
    """Those of the entries numbered ``leaving`` without which some switch that is on would not be on."""
    on, needed = _on(entries), set()
    left = list(entries)
    for number in sorted(leaving):
        without = [fact for fact in left if fact.number != number]
        if _on(without) == on:
            left = without
        else:
            needed.add(number)
    return needed


def ends_by_day(now: datetime) -> Iterator[tuple[date, int]]:
    """Per day: how many entries had their end on it, those still kept."""
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, {"noes": NOES, "now": now, "closed": [], "closed_at": []})
        yield from cursor.fetchall()


def _on(entries: list[Fact]) -> set[str]:
    return {slot for slot, state in fold(entries).items() if state.on}


def _past_term(now: datetime, closed: Closings) -> list[tuple[UUID, int, int, date]]:
    """Subject, row, number and day of the end of each entry whose last day is past; in the order of the numbers."""
    values: dict[str, Any] = {"noes": NOES, "now": now, "ended_by": _ended_by(legal_day(now))}
    with connection.cursor() as cursor:
        cursor.execute(DUE, {**values, "closed": list(closed), "closed_at": list(closed.values())})
        return list(cursor.fetchall())


def _ended_by(today: date) -> date:
    """The youngest day of an end whose proof has had its last day."""
    back = bisect_left(range(LONGEST), True, key=lambda days: last_day(today - timedelta(days=days)) < today)
    return today - timedelta(days=back)
