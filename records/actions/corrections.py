"""The old values of a file stay in its history when it is changed (PC-61)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from audit.actors import Actor
from privacy.ids import new_id
from records.actions.journal import journal, person
from records.models import Correction, PatientFile
from vault.handles import Handle


def keep_old(
    handle: Handle,
    file: PatientFile,
    before: Mapping[str, str | None],
    fields: Iterable[str],
    *,
    by: Actor,
    now: datetime,
) -> Correction:
    """Write down what ``fields`` said before they are changed, in the changing transaction."""
    names = list(fields)
    row = Correction(
        id=new_id(), practice_id=file.practice_id, file=file, corrected_at=now, corrected_by_id=person(by), fields=names
    )
    handle.write(row, before={name: before[name] or None for name in names})
    row.save(force_insert=True)
    journal(row, "file.corrected", file_id=file.pk, by=by, now=now, fields=names)
    return row
