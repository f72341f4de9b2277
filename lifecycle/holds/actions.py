"""Placing and lifting holds. Both lock the file, so that no deletion and no clock runs in between (LAW-03)."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import record_event
from audit.actors import Actor
from lifecycle.holds.rules import why_not_lift, why_not_place
from lifecycle.models import Hold
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refusal, Refused, require
from records.clock import CLOCK_FIELDS, day_of, set_clock
from records.models import PatientFile
from vault import access
from vault.errors import KeyRefused


@transaction.atomic
def place_hold(*, file_id: UUID, ground: str, case: str, why: str, review_on: date, by: Actor, now: datetime) -> Hold:
    """Keep the file, whatever its clocks say, until this hold and every other on it is lifted.

    Raises :class:`privacy.refusals.Refused` with what to do, and PatientFile.DoesNotExist when there
    is no such file in the scope. The stored end stays the rules' own.
    """
    file = _locked(file_id)
    today, leaving = day_of(file, now), file.leaving_at is not None
    require(why_not_place(ground=ground, case=case, why=why, review_on=review_on, today=today, leaving=leaving))
    hold = Hold(
        id=new_id(),
        practice_id=file.practice_id,
        file=file,
        ground=ground,
        placed_at=now,
        placed_by_id=by.account_id,
        placed_role=by.role,
        review_on=review_on,
    )
    key = access.new_file(file_id=hold.id, by=by, practice_id=hold.practice_id, purpose=Purpose.LEGAL, now=now)
    key.write(hold, case=case.strip(), why=why.strip())
    hold.save(force_insert=True)
    _journal(hold, "hold.placed", by, now)
    return hold


@transaction.atomic
def lift_hold(*, hold_id: UUID, why: str, by: Actor, now: datetime) -> Hold:
    """End the hold and give the file's clocks their held days back. Returns the hold as it now is.

    Raises :class:`privacy.refusals.Refused` for a hold lifted already, without a reason, or while the
    file's key is refused; Hold.DoesNotExist when there is none in the scope.
    """
    file = _locked(Hold.objects.values_list("file_id", flat=True).get(pk=hold_id))
    hold = Hold.objects.select_for_update(of=("self",)).get(pk=hold_id)
    require(why_not_lift(hold, why))
    key = access.open(
        hold.id, by=by, purpose=Purpose.LEGAL, part="hold", practice_id=hold.practice_id, now=now, action="change"
    )
    key.write(hold, lifted_why=why.strip())
    hold.lifted_at, hold.lifted_by_id, hold.lifted_role = now, by.account_id, by.role
    hold.save(update_fields=["lifted_at", "lifted_by", "lifted_role", "lifted_why"])
    recompute_clock(file, by=by, now=now)
    _journal(hold, "hold.lifted", by, now)
    return hold


def recompute_clock(file: PatientFile, *, by: Actor, now: datetime) -> None:
    """Store the end the rules give the locked ``file`` now. Raises Refused while its key is refused.

    The birth date is sealed, and without it the end could come out too early.
    """
    try:
        handle = access.open(
            file.pk, by=by, purpose=Purpose.LEGAL, part="clock", practice_id=file.practice_id, now=now,
            action="change", from_archive=True,
        )  # fmt: skip
    except KeyRefused as refused:
        raise Refused(Refusal("key_refused", _STAYS_HELD)) from refused
    set_clock(file, handle.read(file, "birth_date"), died_on=handle.read(file, "died_on"))
    file.save(update_fields=list(CLOCK_FIELDS))


_STAYS_HELD = _("The file is restricted, so its new end can't be computed; lift that first. It stays held.")


def _locked(file_id: UUID) -> PatientFile:
    return PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file_id)


def _journal(hold: Hold, verb: str, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"lifecycle.{verb}", object_type="lifecycle.Hold", object_id=hold.pk,
        subject_id=hold.file_id, practice_id=hold.practice_id, detail={"ground": hold.ground}, now=now,
    )  # fmt: skip
