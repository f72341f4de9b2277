"""Which tables are evidence: append-only, sealed every few seconds, verified by ``manage.py ledger verify``.

An app gives its table the :class:`audit.operations.AppendOnly` operation in a migration and calls
:func:`register` in ``AppConfig.ready``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from privacy.live import KEPT_BY_DATABASE

TRIGGER_COLUMNS = frozenset({"seq", "written_at", "leaf"})


@dataclass(frozen=True)
class RowTerm:
    """Under which rule rows leave one by one, and how many months of their own clock they are kept at least.

    An empty ``rule``: under whichever rule the caller names. What the term really is, the sweep knows; this is the
    least that PostgreSQL and the verifier insist on, as :class:`audit.operations.RowsLeave` says it to PostgreSQL.
    """

    rule: str
    months: int


@dataclass(frozen=True)
class Evidence:
    """One sealed table. ``keep_months``: full months after which a month may expire; None: never.

    ``each``: how its rows leave one by one; None: never.
    """

    table: str
    stream: str
    keep_months: int | None = None
    each: RowTerm | None = None


_tables: dict[str, Evidence] = {}


def register(table: str, stream: str, keep_months: int | None = None, each: RowTerm | None = None) -> None:
    """Have ``table`` sealed and verified. Raises ValueError if it was registered otherwise before."""
    evidence = Evidence(table, stream, keep_months, each)
    if _tables.setdefault(table, evidence) != evidence:
        raise ValueError(f"{table} is registered twice as evidence, with different words")
    KEPT_BY_DATABASE[table] = TRIGGER_COLUMNS


def registered() -> tuple[Evidence, ...]:
    """All evidence tables, by name."""
    return tuple(_tables[table] for table in sorted(_tables))


def of_table(table: str) -> Evidence:
    """The registration of a table. Raises LookupError with what to do."""
    if table not in _tables:
        raise LookupError(f"{table} is no evidence table: register it with audit.evidence.register")
    return _tables[table]


_still_needed: dict[str, list[Callable[[date], bool]]] = {}


def keep_month_while(table: str, needed: Callable[[date], bool]) -> None:
    """Have no month of a journal leave while ``needed(month)``, whatever its age."""
    if needed not in _still_needed.setdefault(table, []):
        _still_needed[table].append(needed)


def still_needed(table: str, month: date) -> bool:
    """Whether something living needs a month of a journal."""
    return any(needed(month) for needed in _still_needed.get(table, ()))


_journaled: dict[str, str] = {}


def journal_each(label: str, counted_as: str = "") -> None:
    """Promise that each row of a model ("records.Consultation") is in the event journal (MD-44).

    Rows made many at a time may share one event whose detail counts them under ``counted_as``.
    """
    _journaled[label] = counted_as


def journaled() -> dict[str, str]:
    """The models whose every row must have an event, and the name under which an event counts many."""
    return dict(sorted(_journaled.items()))
