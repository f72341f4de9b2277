"""What the register of decisions finds in the live database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Count, Field, Q

from care.tenancy import ALL, scope
from lifecycle.models import SweepRun
from lifecycle.sweeping import FORECAST, sweeps
from privacy.decisions import APPLIED, COMMAND_LINE, DECISIONS, Decision, discover

CHECKS: Final = """
select conname from pg_constraint where contype = 'c' and convalidated and connamespace = current_schema()::regnamespace
"""
REQUIRED: Final = """
select attnotnull from pg_attribute where attrelid = %s::regclass and attname = %s
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one kind of decision: how many were taken, at the command line among them, and by nobody."""

    number: int
    command_line: int
    nobody: int


def taken() -> dict[str, Taken]:
    """By kind of decision, counted now in all practices."""
    discover()
    with scope(ALL):
        return {key: _taken(one) for key, one in DECISIONS.items()}


def _taken(one: Decision) -> Taken:
    at_line = Q(**{one.role: COMMAND_LINE}) if one.role else Q(pk=None)
    rows = one.table._base_manager.filter(one.taken)
    return Taken(
        **rows.aggregate(
            number=Count("pk"), command_line=Count("pk", filter=at_line), nobody=Count("pk", filter=one.nobody())
        )
    )


def unguarded() -> list[str]:
    """Kinds of decisions of which PostgreSQL would take a row that nobody decided."""
    discover()
    with connection.cursor() as cursor:
        cursor.execute(CHECKS)
        checks = {name for (name,) in cursor.fetchall()}
    return [key for key, one in DECISIONS.items() if not _is_guarded(one, checks)]


def _is_guarded(one: Decision, checks: set[str]) -> bool:
    if one.constraint:
        return one.constraint in checks
    account = one.table._meta.get_field(one.account)
    assert isinstance(account, Field)  # noqa: S101 - a reverse relation holds no account
    with connection.cursor() as cursor:
        cursor.execute(REQUIRED, [one.table._meta.db_table, account.column])
        found = cursor.fetchone()
    return bool(found and found[0])


def unexplained() -> list[str]:
    """What the clock did on this database without that the public page says so."""
    discover()
    return not_said(SweepRun.objects.order_by().values_list("rule", flat=True).distinct())


def not_said(rules: Iterable[str]) -> list[str]:
    """Those of the sweep's rules that nothing on the public page covers ("PC-52.close" is covered by "PC-52")."""
    said = {name for one in APPLIED.values() for name in one.sweeps} | {FORECAST}
    modules = {getattr(one, "__module__", type(one).__name__) for one in sweeps}
    return sorted({rule for rule in rules if rule.split(".")[0] not in said and rule not in modules})
