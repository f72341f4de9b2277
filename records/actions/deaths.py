"""The death of a patient: from then on the file is kept ten years, where that is sooner (LAW-02)."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from audit.actors import Actor
from privacy.purposes import Purpose
from privacy.refusals import require
from records.actions.corrections import keep_old
from records.actions.journal import journal
from records.clock import day_of, set_clock
from records.fields import clean
from records.models import PatientFile
from records.rules import why_not_death, why_not_end_now, why_not_revision
from vault import access

Follow = Callable[..., None]
told: Final[list[Follow]] = []
"""What follows above from a recorded death: called as ``follow(file=, died_on=, by=, now=)`` in its transaction."""


def tell_also(follow: Follow) -> None:
    """Have ``follow`` called when a death is recorded or taken back. Registering it twice keeps one."""
    if follow not in told:
        told.append(follow)


@transaction.atomic
def record_death(
    *,
    file: PatientFile,
    died_on: str | None,
    revision: int | None = None,
    may_end: bool = False,
    by: Actor,
    now: datetime,
) -> PatientFile:
    """Write the day of death (``YYYY-MM-DD``, or its month or year), or take it back with None; the clock follows.

    Of a month or a year the last day counts. Raises Refused for a day in the future or before the
    birth, and where the file's term would end at once unless ``may_end`` says that it may;
    ValueError for what is no day. Returns the row as it now is.
    """
    row = PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file.pk)
    require(why_not_revision(row, revision))
    handle = access.open(
        row.id, by=by, purpose=Purpose.CARE, part="file", practice_id=row.practice_id, now=now, action="change"
    )
    wanted, today, before = clean(died_on), day_of(row, now), row.retain_until
    require(why_not_death(wanted, handle.read(row, "birth_date"), today))
    said = handle.read(row, "died_on")
    if wanted == said:
        return row
    handle.write(row, died_on=wanted)
    set_clock(row, handle.read(row, "birth_date"), died_on=wanted)
    require(why_not_end_now(row, before=before, today=today, confirmed=may_end))
    row.changed_at = now
    row.revision += 1
    row.save()
    journal(row, "death.recorded" if wanted else "death.taken_back", file_id=row.id, by=by, now=now)
    keep_old(handle, row, {"died_on": said}, ["died_on"], by=by, now=now)
    for follow in told:
        follow(file=row, died_on=wanted, by=by, now=now)
    return row
