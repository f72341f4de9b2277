"""What the asked future promises: the simulation's totals are those of a recount (NEW-04)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.apps import apps
from django.db.models import Count

from audit.evidence import registered
from audit.months import begins, later, month_of
from care.tenancy import ALL, scope
from lifecycle.holds.queries import held
from privacy.clocks import add_years, legal_day
from privacy.forecast import Forecast, simulate
from privacy.promises import Measure, promise
from privacy.retention import RULES
from records.models import PatientFile

FILES: Final = "records.PatientFile"
EVER: Final = date(9000, 1, 1)
TRIES: Final = 3


@promise("NEW-04", checked_by="tests/lifecycle/test_future.py")
def future_equals_a_recount(now: datetime) -> Measure:
    """Asked for 30 days, 12 months, 25 years and ever, the simulation says what counting the rows says.

    Every file leaves once, under rules of the schedule. The current month of the journals is left
    out: it grows while it is counted.
    """
    today = legal_day(now)
    asked = [today + timedelta(days=30), add_years(today, 1), add_years(today, 25), EVER]
    futures = {until: _recounted(until, now) for until in asked}
    wrong = sum(not agrees for _future, agrees in futures.values())
    ever, _agrees = futures[EVER]
    strange = {rule for (rules, _kind) in ever.by_rule() for rule in rules.split(",")} - RULES.keys()
    journals = _journals(ever, now)
    off = sum(said != counted for said, counted in journals.values())
    return Measure(
        kept=not (wrong or strange or off),
        figures={
            "rows_that_leave_ever": ever.total,
            "held": ever.total_held,
            "horizons_counted_otherwise": wrong,
            "rules_the_schedule_does_not_know": len(strange),
            "journals_counted_otherwise": off,
        },
    )


def _recounted(until: date, now: datetime) -> tuple[Forecast, bool]:
    """The simulation, and whether a recount says the same; both are asked again if files came in between."""
    for _try in range(TRIES):
        future = simulate(until, now)
        if future.totals_of(FILES) == _recount(until):
            return future, True
    return future, False


def _recount(until: date) -> tuple[int, int]:
    """Files that leave until then, and files that are held, counted by the models."""
    with scope(ALL):
        due = PatientFile.objects.filter(retain_until__lt=until)
        kept = held(due).count()
        return due.count() - kept, kept


def _journals(ever: Forecast, now: datetime) -> Mapping[str, tuple[int, int]]:
    """Per journal with a term: entries before this month, as simulated and as counted."""
    tables = {model._meta.db_table: model for model in apps.get_models()}
    found = {}
    for evidence in registered():
        if evidence.keep_months is None:
            continue
        model, this_month = tables[evidence.table], month_of(now)
        first_open = max(later(this_month, evidence.keep_months + 1), this_month)
        lines = [line for line in ever.leaves if line.kind == model._meta.label and line.month < first_open]
        rows = model._default_manager.filter(written_at__lt=begins(this_month)).aggregate(number=Count("pk"))
        found[evidence.table] = (sum(line.count for line in lines), rows["number"])
    return found
