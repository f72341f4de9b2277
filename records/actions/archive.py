"""Opening a file of the restricted archive: with a reason and the archive right, for thirty days (PC-41)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from care.actions import begin_care
from care.queries import owns
from privacy.clocks import Period
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refusal, Refused, require
from records.actions.journal import journal, person
from records.clock import CLOCK_FIELDS, day_of, set_clock
from records.holds import is_held
from records.models import ArchiveOpening, PatientFile
from records.reading import Part
from records.rules import why_not_open_archived
from vault import access, rings
from vault.errors import KeyRefused, NoKey, VaultError
from vault.handles import Handle

REOPENED_FOR: Final = Period(days=30)
"""How long an opened file is in daily use again; a consultation signed meanwhile moves its clock as always."""
OFFICER: Final = "dpo"


@transaction.atomic
def open_archived(*, file_id: UUID, why: str, by: Actor, now: datetime) -> PatientFile:
    """Bring an archived file back into daily use for thirty days. Returns it as it now is.

    Who opens it is the owner of its practice, who treats the patient from then on, or the data
    protection officer, for those who treat the patient. The key moves after the commit; cut off in
    between, the first page of the file that is asked for moves it. Raises Refused with what to do, and
    PatientFile.DoesNotExist when there is no such file in the scope.
    """
    file = PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file_id)
    today, may = day_of(file, now), may_open(by, file.practice_id)
    require(why_not_open_archived(file, why, may=may, held=is_held(file.pk), today=today))
    handle = _open(file, by, now)
    opening = ArchiveOpening(
        id=new_id(), practice_id=file.practice_id, file=file, opened_at=now, opened_by_id=person(by), opened_role=by.role,
        until=REOPENED_FOR.after(today),
    )  # fmt: skip
    handle.write(opening, why=why.strip())
    opening.save(force_insert=True)
    file.reopened_until, file.archived_at = opening.until, None
    set_clock(file, handle.read(file, "birth_date"), died_on=handle.read(file, "died_on"))
    file.save(update_fields=["reopened_until", "archived_at", *CLOCK_FIELDS])
    if by.role != OFFICER:
        begin_care(practice_id=file.practice_id, practitioner_id=person(by), patient_id=file.pk, by=by, now=now)
    journal(opening, "archive.opened", file_id=file.pk, by=by, now=now)
    transaction.on_commit(lambda: rings.activate([file.pk], now))
    return file


def may_open(by: Actor, practice_id: UUID) -> bool:
    """The archive right: of the data protection officer, and of the owner of the practice."""
    if by.account_id is None:
        return False
    return by.role == OFFICER or owns(by.account_id, practice_id)


def read_reason(opening: ArchiveOpening, *, by: Actor, now: datetime) -> str:
    """Why it was opened, for the officer who reviews it; journaled like any opening.

    Empty when the file is restricted or erased since: its key goes with it.
    """
    try:
        handle = access.open(
            opening.file_id, by=by, purpose=Purpose.LEGAL, part=Part.OPENING.value, practice_id=opening.practice_id,
            now=now, from_archive=True,
        )  # fmt: skip
    except VaultError:
        return ""
    return handle.read(opening, "why") or ""


def _open(file: PatientFile, by: Actor, now: datetime) -> Handle:
    purpose = Purpose.LEGAL if by.role == OFFICER else Purpose.CARE
    try:
        return access.open(
            file.pk, by=by, purpose=purpose, part=Part.ARCHIVE.value, practice_id=file.practice_id, now=now,
            action=access.OPEN_ARCHIVE, from_archive=True,
        )  # fmt: skip
    except KeyRefused as refused:
        raise Refused(Refusal("restricted", _RESTRICTED)) from refused
    except NoKey as gone:
        raise Refused(Refusal("gone", _GONE)) from gone


_RESTRICTED: Final = _("The processing of this file is restricted: it is only stored until that is lifted.")
_GONE: Final = _("The key of this file is destroyed: nobody can read it any more.")
