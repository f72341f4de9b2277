"""Checks all sealed evidence and names what was changed, removed or slipped in (NEW-02).

The hashes are computed here, outside the database, from PostgreSQL's own text of each row; the
functions and hashes stored in the database are evidence, not witnesses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from audit import checkpoints, merkle, ranges, signing
from audit.evidence import Evidence, registered
from audit.models import ExpiredMonth, ExpiredRows, Seal
from audit.months import between, months_after, term_ends
from audit.ranges import Ranges
from audit.rows import Row, id_of, loose_guards, out_of_time, rows_of, sealed_leaves, stored_months, stored_tables
from audit.sealing import FIRST_NUMBER, START, every_row, hash_of, statement

ONE_DAY = timedelta(days=1)
EXPIRIES = ExpiredMonth._meta.db_table
EXPIRED_ROWS = ExpiredRows._meta.db_table


@dataclass(frozen=True)
class Finding:
    """One thing wrong with the evidence. ``number`` is the entry's (or seal's) own; ``row_id`` its id, if it is there."""

    kind: str
    table: str
    message: str
    number: int | None = None
    row_id: str = ""
    month: str = ""


@dataclass
class Report:
    """What was checked, and what was found wrong."""

    seals: int = 0
    entries: int = 0
    waiting: int = 0
    expired_months: int = 0
    expired_rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"ok": not self.findings, **asdict(self)}


def verify_all() -> list[Finding]:
    """Every finding in the sealed evidence; empty when nothing was touched."""
    return verify().findings


def verify(known_checkpoint: str | None = None) -> Report:
    """Check the chain of seals, each sealed row, the guards, and a checkpoint kept elsewhere if given."""
    report = Report()
    with transaction.atomic(), every_row():
        seals = list(Seal.objects.order_by("number"))
        report.seals = len(seals)
        report.findings += _chain(seals)
        if known_checkpoint is not None:
            report.findings += _against(checkpoints.parse(known_checkpoint), seals)
        stored = stored_tables()
        for evidence in _tables(seals):
            if evidence.table not in stored:
                report.findings.append(Finding("missing", evidence.table, "the whole table is gone"))
                continue
            _Table(evidence, seals, report).check()
    return report


def _tables(seals: Iterable[Seal]) -> Iterator[Evidence]:
    """The registered tables, and those that only seals remember."""
    yield from registered()
    known = {evidence.table for evidence in registered()}
    for table, stream in sorted({(s.table_name, s.stream) for s in seals if s.table_name not in known}):
        yield Evidence(table, stream)


def _chain(seals: Iterable[Seal]) -> Iterator[Finding]:
    previous, expected = START, FIRST_NUMBER
    for seal in seals:
        for number in range(expected, seal.number):
            yield Finding("seal", "audit_seal", f"seal {number} was removed", number)
        if expected == seal.number and bytes(seal.previous) != previous:
            yield Finding(
                "seal", "audit_seal", f"seal {seal.number} doesn't follow from the one before it", seal.number
            )
        if not signing.verify(statement(seal), signing.Signature(seal.key_id, bytes(seal.signature))):
            yield Finding(
                "seal", "audit_seal", f"seal {seal.number} was changed: its signature doesn't fit", seal.number
            )
        previous, expected = hash_of(seal), seal.number + 1


def _against(checkpoint: "checkpoints.Checkpoint | None", seals: list[Seal]) -> Iterator[Finding]:
    if checkpoint is None:
        yield Finding(
            "checkpoint", "audit_seal", "the checkpoint's own signature doesn't fit: use the file as it was exported"
        )
        return
    if len(seals) < checkpoint.seals:
        lost = f"the checkpoint counts {checkpoint.seals} seals, here are {len(seals)}: the last ones are gone with their entries"
        yield Finding("checkpoint", "audit_seal", lost, checkpoint.seals)
    elif checkpoint.seals and hash_of(seals[checkpoint.seals - 1]) != checkpoint.head:
        yield Finding(
            "checkpoint", "audit_seal", f"seal {checkpoint.seals} isn't the one of the checkpoint", checkpoint.seals
        )


@dataclass(frozen=True)
class _Run:
    """Neighbouring numbers under one seal, with their sealed leaf hashes."""

    low: int
    leaves: list[bytes]

    @property
    def high(self) -> int:
        return self.low + len(self.leaves)


class _Leaving:
    """The rows of a table that left one by one, as sealed records say; records that aren't sealed excuse no gap."""

    def __init__(self, evidence: Evidence, all_seals: list[Seal]) -> None:
        self.term = evidence.each
        self.records = list(ExpiredRows.objects.filter(table_name=evidence.table).order_by("id"))
        self.sealed = ranges.union(*(seal.covered for seal in all_seals if seal.table_name == EXPIRED_ROWS))
        self.gone = ranges.union(*(row.numbers for row in self.records if self._is_sealed(row)))

    def wrong(self, ever_sealed: Ranges) -> Iterator[tuple[int, str]]:
        """What is wrong with the records: the first number each is about, and the words."""
        for row in self.records:
            first = row.numbers[0][0]
            if not self._is_sealed(row):
                yield first, f"{row.rows} entries were taken away without a sealed record"
            if self.term is None or self.term.rule not in ("", row.rule):
                yield first, f"{row.rows} entries left under {row.rule}, by which none of this table leaves"
            elif row.newest is None or months_after(row.newest, self.term.months) > row.at:
                yield first, f"{row.rows} entries left before their term"
            if is_dated_ahead(row):
                yield first, f"the record of {row.rows} entries that left is dated after the day it was written"
            if ranges.size(row.numbers) != row.rows:
                yield first, f"the record counts {row.rows} entries, and names {ranges.size(row.numbers)}"
            if ranges.overlap(ranges.gaps(*_span(row.numbers), ever_sealed), row.numbers):
                yield first, "the record names entries that were never sealed"
        if ranges.size(ranges.union(*(row.numbers for row in self.records))) != sum(row.rows for row in self.records):
            yield self.records[0].numbers[0][0], "entries are recorded as leaving more than once"

    def _is_sealed(self, row: ExpiredRows) -> bool:
        return ranges.holds(self.sealed, row.pk)


def is_dated_ahead(record: ExpiredMonth | ExpiredRows) -> bool:
    """Whether a record claims a later day than the database's clock had; only where the clock can't be moved on."""
    return settings.PRODUCTION and record.at > record.written_at + ONE_DAY


def _span(numbers: Ranges) -> tuple[int, int]:
    return numbers[0][0], numbers[-1][1]


class _Table:
    """The check of one table, month by month."""

    def __init__(self, evidence: Evidence, all_seals: list[Seal], report: Report) -> None:
        self.evidence, self.table, self.report = evidence, evidence.table, report
        self.seals = seals = [seal for seal in all_seals if seal.table_name == self.table]
        self.sealed_expiries = ranges.union(*(seal.covered for seal in all_seals if seal.table_name == EXPIRIES))
        self.expired = {row.month: row for row in ExpiredMonth.objects.filter(table_name=self.table)}
        self.leaving = _Leaving(evidence, all_seals)
        self.settled = seals[-1].settled if seals else FIRST_NUMBER
        self.burnt = ranges.union(*(seal.burnt for seal in seals))

    def check(self) -> None:
        """Guards, overlaps, expired months, then every row."""
        for trigger in loose_guards(self.table):
            self._found("unguarded", f"the guard {trigger} is off or gone: run the migrations again and ask who did it")
        for month in self._months():
            self._month(month, [seal for seal in self.seals if seal.month == month])
        for month, expiry in self.expired.items():
            self._expiry(month, expiry)
        self.report.expired_rows += ranges.size(self.leaving.gone)
        for number, message in self.leaving.wrong(ranges.union(*(seal.covered for seal in self.seals))):
            self._found("expiry", message, number)
        self._overlaps()
        for number, month in out_of_time(self.table):
            self._found_row("inserted", "is dated long before its neighbours", number, month)

    def _month(self, month: date, seals: list[Seal]) -> None:
        runs = [] if month in self.expired else sorted(self._runs(seals), key=lambda run: run.low)
        cursor, at = FIRST_NUMBER, 0
        for row in rows_of(self.table, month):
            while at < len(runs) and runs[at].high <= row.number:
                self._missing(max(cursor, runs[at].low), runs[at].high, month)
                at += 1
            if at < len(runs) and runs[at].low <= row.number:
                self._missing(max(cursor, runs[at].low), row.number, month)
                self._sealed_row(row, runs[at], cursor, month)
            else:
                self._unsealed_row(row, month)
            cursor = max(cursor, row.number + 1)
        for run in runs[at:]:
            self._missing(max(cursor, run.low), run.high, month)

    def _runs(self, seals: list[Seal]) -> Iterator[_Run]:
        leaves_of = sealed_leaves(seals)
        for seal in seals:
            leaves = leaves_of.get(seal.number, [])
            if merkle.root(leaves) != bytes(seal.root) or len(leaves) != seal.rows:
                self._found(
                    "leaves",
                    f"the hashes under seal {seal.number} were changed or removed",
                    seal.number,
                    "",
                    seal.month,
                )
                leaves = (leaves + [b""] * seal.rows)[: seal.rows]
            start = 0
            for low, high in seal.covered:
                yield _Run(low, leaves[start : start + high - low])
                start += high - low

    def _sealed_row(self, row: Row, run: _Run, cursor: int, month: date) -> None:
        self.report.entries += 1
        if row.number < cursor:
            self._found_row("inserted", "stands a second time under this number", row.number, month)
            return
        sealed = run.leaves[row.number - run.low]
        if ranges.holds(self.leaving.gone, row.number):
            self._found_row("inserted", "stands though its leaving is recorded", row.number, month)
        elif row.leaf != sealed or merkle.leaf_hash(row.text) != sealed:
            self._found_row("changed", "isn't what was sealed", row.number, month)

    def _unsealed_row(self, row: Row, month: date) -> None:
        if row.number < self.settled or ranges.holds(self.burnt, row.number):
            self._found_row("inserted", "was slipped in where no entry was sealed", row.number, month)
        elif month in self.expired:
            self._found_row("inserted", "stands in a month that has expired", row.number, month)
        elif merkle.leaf_hash(row.text) != row.leaf:
            self._found_row("changed", "was changed before it was sealed", row.number, month)
        else:
            self.report.waiting += 1

    def _missing(self, low: int, high: int, month: date) -> None:
        for start, end in ranges.gaps(low, high, self.leaving.gone):
            for number in range(start, end):
                self._found("missing", "was removed", number, "", month)

    def _expiry(self, month: date, expiry: ExpiredMonth) -> None:
        self.report.expired_months += 1
        keep = self.evidence.keep_months
        if keep is None or expiry.at < term_ends(month, keep):
            self._found("expiry", "expired before its term", None, "", month)
        if is_dated_ahead(expiry):
            self._found("expiry", "its record is dated after the day it was written", None, "", month)
        if not ranges.holds(self.sealed_expiries, expiry.pk):
            self._found("expiry", "was taken away without a sealed record of its expiry", None, "", month)

    def _overlaps(self) -> None:
        covered = [seal.covered for seal in self.seals]
        if ranges.size(ranges.union(*covered)) == sum(map(ranges.size, covered)):
            return
        seen: Ranges = ()
        for seal in self.seals:
            if ranges.overlap(seen, seal.covered):
                self._found(
                    "seal", f"seal {seal.number} covers entries that were sealed before", seal.number, "", seal.month
                )
            seen = ranges.union(seen, seal.covered)

    def _months(self) -> list[date]:
        stored = stored_months(self.table)
        return sorted({seal.month for seal in self.seals} | set(between(*stored) if stored else ()))

    def _found_row(self, kind: str, message: str, number: int, month: date) -> None:
        self._found(kind, message, number, id_of(self.table, number), month)

    def _found(
        self, kind: str, message: str, number: int | None = None, row_id: str = "", month: date | None = None
    ) -> None:
        self.report.findings.append(
            Finding(kind, self.table, message, number, row_id, month.strftime("%Y-%m") if month else "")
        )
