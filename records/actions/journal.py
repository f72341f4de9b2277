"""One line for the event journal: names of fields and ids, never values (MD-44)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from audit.actions import record_event
from audit.actors import Actor
from records.models import OfPractice


def journal(
    row: OfPractice,
    verb: str,
    *,
    file_id: UUID,
    by: Actor,
    now: datetime,
    fields: Iterable[str] = (),
    **detail: str | int,
) -> None:
    """Record that ``by`` did ``verb`` to ``row`` in the file ``file_id``."""
    if names := ",".join(fields):
        detail["fields"] = names
    record_event(
        by=by,
        verb=f"records.{verb}",
        object_type=row._meta.label,
        object_id=row.pk,
        subject_id=file_id,
        practice_id=row.practice_id,
        detail=detail,
        now=now,
    )


def person(by: Actor) -> UUID:
    """The account behind an act that only a person may do (MD-57). Raises ValueError for a job."""
    if by.account_id is None:
        raise ValueError("a patient's record names the person who wrote it; a job can't be its author")
    return by.account_id
