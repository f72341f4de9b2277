"""That evidence and journals leave at the ends of their terms: none before it, none long after it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session

from audit.actors import Actor
from audit.evidence import of_table
from audit.models import ExpiredMonth, ExpiredRows
from audit.months import months_after, term_ends
from care.tenancy import ALL, scope
from consents import proofs
from consents.models import ConsentEvent
from consents.usage import queries as usage
from lifecycle.expiring import boxes, facts, office, orders
from lifecycle.expiring.months import JOURNALS, Months
from lifecycle.models import RunState, SweepRun
from lifecycle.runs import KEPT
from lifecycle.sweeping import Outcome
from privacy.clocks import Period, legal_day
from privacy.declare import REGISTRY
from privacy.promises import Measure, promise
from privacy.retention import RULES

TESTS: Final = "tests/lifecycle/test_expiring_promises.py"
PATIENCE: Final = timedelta(days=2)
"""How long a sweep may be late before a promise counts as broken."""
BY: Final = Actor.system("promises")
ELSEWHERE: Final[dict[str, set[str]]] = {
    "PC-43": {"sessions.Session", "usersessions.UserSession", "consents.UsageEvent"},
    "PC-46": {
        "accounts.LoginThrottle",
        "adapters.Incoming",
        "adapters.Outgoing",
        "admin.LogEntry",
        "lifecycle.SweepRun",
    },
    "PC-46b": {"records.AuthorityOrder"},
}
"""What of these rules leaves by other ways than a month of a journal: sessions at their end, uses, counts and lines by age, orders by theirs."""


@promise("PC-43", checked_by=TESTS)
def connections_stay_a_year(now: datetime) -> Measure:
    """Origins of choices leave with their month; no session outlives its end, and no counted use its year."""
    ended = Session.objects.filter(expire_date__lt=now - PATIENCE).count()
    uses = usage.past_term(now - PATIENCE).count()
    return _journal("PC-43", now, {"sessions_past_their_end": ended, "uses_past_their_year": uses})


@promise("PC-46", checked_by=TESTS)
def security_events_stay_a_year(now: datetime) -> Measure:
    """The security journal, the admin's own log and the runs of sweeps go after twelve months; messages and events sooner."""
    old_runs = SweepRun.objects.filter(started_at__lt=now - KEPT - PATIENCE).exclude(state=RunState.STOPPED)
    others = {
        "office_lines_past_their_year": office.past_term(now - PATIENCE).count(),
        "runs_past_their_year": old_runs.count(),
        "messages_past_their_term": boxes.past_outgoing(now - PATIENCE).count(),
        "events_past_their_term": boxes.past_incoming(now - PATIENCE).count() + boxes.past_raw(now - PATIENCE).count(),
    }
    return _journal("PC-46", now, others)


@promise("PC-46b", checked_by=TESTS)
def accesses_stay_three_years(now: datetime) -> Measure:
    """The access journal stays three years, and goes then; so does what an authority's order says, which explains its lines."""
    with scope(ALL):
        orders_late = orders.due(now - PATIENCE).count()
    return _journal("PC-46b", now, {"orders_past_their_term": orders_late})


@promise("PC-41", checked_by=TESTS)
def events_stay_as_long_as_what_they_tell_of(now: datetime) -> Measure:
    """A month of the event journal goes after twenty years, unless something it tells of is still there."""
    broken, figures = _months([one for one in JOURNALS if one.rule == "PC-41"], now)
    return Measure(not broken, {f"event_{name}": value for name, value in figures.items()})


@promise("PC-51", checked_by=TESTS)
def proofs_of_consents_leave_after_five_years(now: datetime) -> Measure:
    """No proof is kept long after its last day, and none left before it."""
    found = proofs.due(now, facts.closings(now))
    late = _late(Outcome(due=len(found.rows), since=found.since), now)
    early, left = _early([ConsentEvent._meta.db_table])
    return Measure(
        not late and not early and RULES["PC-51"].length == Period(years=5),
        {
            "proofs": ConsentEvent.objects.count(),
            "proofs_that_left": left,
            "proofs_past_their_term": late,
            "left_before_their_term": early,
            "kept_for_a_living_yes": found.needed,
        },
    )


@promise("PC-40", checked_by=TESTS)
def facts_of_a_contract_leave_three_years_after_it(now: datetime) -> Measure:
    """Facts and notices of closed accounts."""
    return _rows([facts.FACTS, facts.NOTICES], "contract_facts", now)


@promise("PC-52", checked_by=TESTS)
def requests_leave_three_years_after_their_closure(now: datetime) -> Measure:
    """Deletion requests, the results of searches, and the register of breaches with its notices."""
    found = _rows([facts.REQUESTS, facts.SCANS, facts.BREACHES], "requests", now)
    left = facts.notices_left_behind().count()
    return Measure(found.kept and not left, {**found.figures, "notices_without_their_breach": left})


def _journal(rule: str, now: datetime, others: dict[str, int]) -> Measure:
    journals = [one for one in JOURNALS if one.rule == rule]
    broken, figures = _months(journals, now)
    declared = {table.label for table in REGISTRY.values() if any(f.retention == rule for f in table.fields.values())}
    homeless = sorted(declared - {one.kind for one in journals} - ELSEWHERE[rule])
    kept = not broken and not any(others.values()) and not homeless
    return Measure(kept, {**figures, **others, "tables_nothing_empties": homeless})


def _months(journals: Iterable[Months], now: datetime) -> tuple[bool, dict[str, int]]:
    late = early = gone = 0
    for journal in journals:
        (found,) = journal(by=BY, now=now, dry_run=True).values()
        late += _late(found, now)
        keep = of_table(journal.table).keep_months or 0
        expired = list(ExpiredMonth.objects.filter(table_name=journal.table))
        early += sum(row.at < term_ends(row.month, keep) for row in expired)
        gone += len(expired)
    return bool(late or early), {"entries_past_their_term": late, "months_gone_early": early, "months_gone": gone}


def _rows(tables: list[facts.Rows], word: str, now: datetime) -> Measure:
    late = sum(_late(outcome, now) for one in tables for outcome in one(by=BY, now=now, dry_run=True).values())
    early, left = _early([one.table for one in tables])
    figures = {f"{word}_past_their_term": late, f"{word}_gone_early": early, f"{word}_that_left": left}
    return Measure(not late and not early, figures)


def _late(found: Outcome, now: datetime) -> int:
    """What is due, if the oldest of it has been for more than two days."""
    return found.due if found.since and found.since < legal_day(now - PATIENCE) else 0


def _early(tables: list[str]) -> tuple[int, int]:
    """Of the rows that left: how many before the least their table promises, and how many in all."""
    early = left = 0
    for row in ExpiredRows.objects.filter(table_name__in=tables):
        term = of_table(row.table_name).each
        left += row.rows
        if term is None or row.newest is None or months_after(row.newest, term.months) > row.at:
            early += row.rows
    return early, left
