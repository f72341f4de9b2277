"""Which tables are evidence: append-only, sealed every few seconds, verified by ``manage.py ledger verify``.

An app gives its table the :class:`audit.operations.AppendOnly` operation in a migration and calls
:func:`register` in ``AppConfig.ready``.
"""

from dataclasses import dataclass

from privacy.live import KEPT_BY_DATABASE

TRIGGER_COLUMNS = frozenset({"seq", "written_at", "leaf"})


@dataclass(frozen=True)
class Evidence:
    """One sealed table. ``keep_months``: full months after which a month may expire; None: never."""

    table: str
    stream: str
    keep_months: int | None = None


_tables: dict[str, Evidence] = {}


def register(table: str, stream: str, keep_months: int | None = None) -> None:
    """Have ``table`` sealed and verified. Raises ValueError if it was registered otherwise before."""
    evidence = Evidence(table, stream, keep_months)
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


_journaled: dict[str, str] = {}


def journal_each(label: str, counted_as: str = "") -> None:
    """Promise that each row of a model ("records.Consultation") is in the event journal (MD-44).

    Rows made many at a time may share one event whose detail counts them under ``counted_as``.
    """
    _journaled[label] = counted_as


def journaled() -> dict[str, str]:
    """The models whose every row must have an event, and the name under which an event counts many."""
    return dict(sorted(_journaled.items()))
