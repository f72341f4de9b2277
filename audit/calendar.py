"""Months of the journals are made ahead, and taken away at the end of their term; rows of other evidence one by one."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from audit import ranges
from audit.actors import Actor
from audit.evidence import of_table, registered, still_needed
from audit.models import ExpiredMonth, ExpiredRows, SealLeaves
from audit.months import later, month_of, term_ends
from audit.sealing import every_row, hold_ledger, seal_all

MONTHS_AHEAD = 3
PIECE = 500
"""Stretches of numbers in one record: each row that leaves is looked up in its record."""
PATIENCE = "5s"
"""How long dropping a month waits for its readers; writers wait behind it. The next sweep tries again."""
SEALED = """
select coalesce(%(numbers)s::int8multirange <@ range_agg(covered), false) from audit_seal
 where table_name = %(table)s and covered && %(numbers)s::int8multirange
"""
PARTITIONED = "select relkind = 'p' from pg_class where oid = to_regclass(%s)"


def make_months(now: datetime, ahead: int = MONTHS_AHEAD) -> list[str]:
    """Make the partitions of this month and the next ones. Returns those made; safe to repeat.

    A month whose entries already went into the default partition keeps them there.
    """
    months = [later(month_of(now), count) for count in range(ahead + 1)]
    tables = [evidence.table for evidence in registered() if _partitioned(evidence.table)]
    return [f"{table}_{month:%Y_%m}" for table in tables for month in months if _make(table, month)]


def expire_partition(*, table: str, month: date, by: Actor, now: datetime) -> int:
    """Take a whole month of a journal away at the end of its term. Returns how many entries left.

    The expiry is recorded and sealed as evidence in the same transaction, so the rest stays
    verifiable. Raises ValueError before the term, or if the month has expired already.
    """
    evidence = of_table(table)
    if evidence.keep_months is None or now < term_ends(month, evidence.keep_months):
        raise ValueError(f"{month:%Y-%m} of {table} isn't at the end of its term yet")
    with transaction.atomic(), every_row():
        hold_ledger()
        if still_needed(table, month):
            raise ValueError(f"{month:%Y-%m} of {table} tells of something that is still there")
        if ExpiredMonth.objects.filter(table_name=table, month=month).exists():
            raise ValueError(f"{month:%Y-%m} of {table} has expired already")
        seal_all(now)
        ExpiredMonth.objects.create(
            at=now,
            stream=evidence.stream,
            table_name=table,
            month=month,
            rows=sum(len(sealed.hashes()) for sealed in SealLeaves.objects.filter(table_name=table, month=month)),
            actor_role=by.role,
            request_id=by.request_id,
        )
        seal_all(now)
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [PATIENCE])
            cursor.execute("select audit_drop_month(%s, %s)", [table, month])
            gone: int = cursor.fetchone()[0]
    return gone


def expire_rows(*, table: str, numbers: Iterable[int], rule: str, by: Actor, now: datetime) -> int:
    """Let these rows of an append-only table go (by their ``seq``). Returns how many left.

    What leaves is recorded and sealed as evidence in the same transaction; the hashes of the rows stay under their
    seals, so ``ledger verify`` accepts exactly these gaps and proofs of all other rows hold. Raises ValueError for
    a table whose rows never leave or a row that was never sealed; PostgreSQL refuses (ProgrammingError) a row that
    isn't there, or isn't at the end of the term its table was given.
    """
    evidence = of_table(table)
    leaving = ranges.runs(sorted(set(numbers)))
    if evidence.each is None:
        raise ValueError(f"rows of {table} never leave: register it with a term for each, and run RowsLeave")
    if not leaving:
        return 0
    with transaction.atomic(), every_row():
        hold_ledger()
        seal_all(now)
        _require_sealed(table, leaving)
        records = [
            ExpiredRows.objects.create(
                at=now,
                stream=evidence.stream,
                table_name=table,
                numbers=leaving[start : start + PIECE],
                rows=ranges.size(leaving[start : start + PIECE]),
                rule=rule,
                actor_role=by.role,
                request_id=by.request_id,
            )
            for start in range(0, len(leaving), PIECE)
        ]
        seal_all(now)
        return sum(_drop(record) for record in records)


def _drop(record: ExpiredRows) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select audit_drop_rows(%s)", [record.pk])
        gone: int = cursor.fetchone()[0]
    return gone


def _require_sealed(table: str, leaving: ranges.Ranges) -> None:
    """A row that slipped in where nothing was sealed has to be found by the verifier, not to leave quietly."""
    with connection.cursor() as cursor:
        cursor.execute(SEALED, {"table": table, "numbers": ranges.text(leaving)})
        sealed = cursor.fetchone()[0]
    if not sealed:
        raise ValueError(f"some of these rows of {table} were never sealed: run 'manage.py ledger verify'")


def _partitioned(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONED, [table])
        found = cursor.fetchone()
    return bool(found and found[0])


def _make(table: str, month: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select audit_make_month(%s, %s)", [table, month])
        made: bool = cursor.fetchone()[0]
    return made
