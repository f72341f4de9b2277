"""The egress journal's only writer: a line before anything leaves, its outcome after. No line, no packet (MD-46)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from adapters.faults import Unwritten
from adapters.grounds import Ground
from adapters.models import Egress, EgressOutcome, Outcome
from privacy.declare import Category


def depart(
    subprocessor: str,
    host: str,
    *,
    ground: Ground,
    categories: Iterable[Category],
    bytes_out: int | None,
    stand_in: bool,
    now: datetime | None,
    attempt: int = 1,
    outgoing_id: UUID | None = None,
    durable: bool = True,
) -> int:
    """Write that something is about to leave; ``now`` None: by the database's clock. Returns the line's number.

    ``durable``: stands whatever becomes of the caller, who therefore mustn't hold a transaction open (RuntimeError): nobody
    waits for a provider with locks in hand, and no rollback takes the evidence back. Raises :class:`Unwritten`.
    """
    values: dict[str, Any] = {"at": now} if now else {}
    line = Egress(
        subprocessor=subprocessor,
        host=host,
        stand_in=stand_in,
        ground=ground.name,
        subject_id=ground.subject_id,
        file_id=ground.file_id,
        categories=",".join(sorted(categories)),
        bytes_out=bytes_out,
        attempt=attempt,
        outgoing_id=outgoing_id,
        **values,
    )
    try:
        with transaction.atomic(durable=durable):
            line.save(force_insert=True)
    except DatabaseError as fault:
        raise Unwritten(subprocessor) from fault
    return line.pk


def arrive(
    line: int,
    outcome: str,
    *,
    status: int | None = None,
    bytes_out: int | None = None,
    bytes_in: int = 0,
    seconds: float = 0.0,
) -> None:
    """Write how it ended. ``bytes_out``: of a stream, whose size nobody knew before; 0 where certainly nothing left."""
    EgressOutcome.objects.create(
        egress_id=line,
        outcome=Outcome(outcome),
        status=status,
        bytes_out=bytes_out,
        bytes_in=bytes_in,
        milliseconds=round(seconds * 1000),
    )


def database_clock() -> datetime:
    """The journal's own moment, for what knows no other: a letter, a file."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        row: Any = cursor.fetchone()
    moment: datetime = row[0]
    return moment
