"""Seals the evidence in batches: a signed Merkle root over all entries that came since (NEW-02).

Entry numbers are given before the commit, so a late entry shows up below numbers that are sealed
already; it joins the next seal, for each seal says by number what it covers. A number that stayed
unseen for an hour (its transaction was rolled back) is written down as burnt: an entry that appears
there later is a forgery. A seal never covers two months, so that a month can expire on its own.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from audit import merkle, ranges, signing
from audit.evidence import Evidence, registered
from audit.models import Seal, SealLeaves
from audit.ranges import Ranges

BATCH = 20_000
BURN_AFTER = timedelta(hours=1)
LEDGER_LOCK = 0x5EA1
FIRST_NUMBER = 1
START = bytes(32)
"""What the first seal names as its predecessor."""

Row = tuple[int, date, bytes]

OPEN_ROWS = """
select seq, date_trunc('month', written_at at time zone 'UTC')::date, leaf from {table}
 where seq >= %s and not %s::int8multirange @> seq order by seq limit %s
"""


def seal_all(now: datetime) -> int:
    """Seal every entry not sealed yet, in all registered tables. Returns how many.

    Safe to run twice, at once or after a crash: one sealer works at a time, in one transaction.
    """
    with transaction.atomic(), every_row():
        hold_ledger()
        return sum(_seal_table(evidence, now) for evidence in registered())


def hold_ledger() -> None:
    """Wait until no other sealer or expiry is at work; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LEDGER_LOCK])


@contextmanager
def every_row() -> Iterator[None]:
    """Open all practices' rows to the sealer: row security would hide evidence from it (care.tenancy sets the same)."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(current_setting('praticonnect.scope', true), '')")
        before = cursor.fetchone()[0]
        cursor.execute("select set_config('praticonnect.scope', 'all', true)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("select set_config('praticonnect.scope', %s, true)", [before])


def statement(seal: Seal) -> bytes:
    """The text that is signed and chained. It names numbers and hashes, nobody and nothing else."""
    lines = {
        "number": seal.number,
        "stream": seal.stream,
        "table": seal.table_name,
        "month": seal.month.strftime("%Y-%m"),
        "entries": seal.rows,
        "covered": ranges.text(seal.covered),
        "burnt": ranges.text(seal.burnt),
        "settled": seal.settled,
        "top": seal.top,
        "root": base64.b64encode(bytes(seal.root)).decode(),
        "previous": base64.b64encode(bytes(seal.previous)).decode(),
        "sealed-at": seal.at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    text = "\n".join(f"{name}: {value}" for name, value in lines.items())
    return f"praticonnect ledger seal v1\n{text}\n".encode()


def hash_of(seal: Seal) -> bytes:
    """The link by which the next seal holds on to this one."""
    return sha256(statement(seal)).digest()


def _seal_table(evidence: Evidence, now: datetime) -> int:
    sealed = 0
    while rows := _open_rows(evidence.table):
        for month, group in groupby(sorted(rows, key=_by_month), key=lambda row: row[1]):
            _make_seal(evidence, month, list(group), now)
        sealed += len(rows)
        if len(rows) < BATCH:
            break
    return sealed


def _by_month(row: Row) -> tuple[date, int]:
    return row[1], row[0]


def _open_rows(table: str) -> list[Row]:
    settled, known = _decided(table)
    with connection.cursor() as cursor:
        sql = OPEN_ROWS.format(table=connection.ops.quote_name(table))
        cursor.execute(sql, [settled, ranges.text(known), BATCH])
        return [(number, month, bytes(leaf)) for number, month, leaf in cursor.fetchall()]


def _decided(table: str) -> tuple[int, Ranges]:
    """Below which number all is decided, and what is decided above it."""
    last = Seal.objects.filter(table_name=table).order_by("number").last()
    settled = last.settled if last else FIRST_NUMBER
    recent = Seal.objects.filter(table_name=table, top__gt=settled)
    parts = [part for seal in recent for part in (seal.covered, seal.burnt)]
    return settled, ranges.union(*parts)


def _make_seal(evidence: Evidence, month: date, rows: list[Row], now: datetime) -> None:
    covered = ranges.runs(number for number, _, _ in rows)
    settled, known = _decided(evidence.table)
    known = ranges.union(known, covered)
    burnt = ranges.gaps(settled, _seen_long_ago(evidence.table, now), known)
    last = Seal.objects.order_by("number").last()
    leaves = [leaf for _, _, leaf in rows]
    seal = Seal(
        number=last.number + 1 if last else FIRST_NUMBER,
        at=now,
        stream=evidence.stream,
        table_name=evidence.table,
        month=month,
        rows=len(rows),
        covered=covered,
        burnt=burnt,
        settled=_first_gap(settled, ranges.union(known, burnt)),
        top=max(_top(evidence.table), covered[-1][1]),
        root=merkle.root(leaves),
        previous=hash_of(last) if last else START,
    )
    signature = signing.sign(statement(seal))
    seal.key_id, seal.signature = signature.key_id, signature.value
    seal.save(force_insert=True)
    SealLeaves.objects.create(number=seal.number, table_name=evidence.table, month=month, leaves=b"".join(leaves))


def _seen_long_ago(table: str, now: datetime) -> int:
    """The first number that no seal older than an hour knew of: what is missing below it never comes."""
    return _top(table, at__lte=now - BURN_AFTER)


def _top(table: str, **filters: Any) -> int:
    seal = Seal.objects.filter(table_name=table, **filters).order_by("number").last()
    return seal.top if seal else FIRST_NUMBER


def _first_gap(settled: int, known: Ranges) -> int:
    return next((high for low, high in known if low <= settled < high), settled)
