"""Restricting, telling, lifting, reading. Each locks the file, so that no sweep and no second click runs in between.

The record decides from its commit on; the mark on the key follows after it (see ``keys``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.mails import Occasion, keep_book
from adapters.content import Value
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import ALL, scope
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refusal, Refused, require
from records.actions.journal import journal, person
from records.clock import day_of, jurisdiction_of
from records.models import PatientFile, RestrictedOpening, Restriction, Told
from records.reading import Part
from records.restriction import mails
from records.restriction.keys import settle
from records.restriction.rules import (
    NOTICE,
    why_not_lift,
    why_not_read,
    why_not_read_own,
    why_not_restrict,
    why_not_tell,
)
from vault import access
from vault.handles import Handle

OUTDATED: Final = Refusal("outdated", _("This restriction was lifted already."))
READ_FOR: Final = timedelta(minutes=30)
"""How long one reading of a restricted file lasts."""


@transaction.atomic
def restrict(
    *, file_id: UUID, ground: str, by: Actor, now: datetime, request_id: UUID | None = None, note: str = ""
) -> Restriction:
    """From the commit on the file is only stored. The same request, or the same ground again, finds the one there is.

    Raises :class:`privacy.refusals.Refused` with what to do, and PatientFile.DoesNotExist when there is
    no such file in the scope.
    """
    file = locked(file_id)
    require(why_not_restrict(file, ground, note))
    same = Restriction.objects.filter(file=file, ground=ground, request_id=request_id, lifted_at=None).first()
    if same:
        return same
    row = Restriction(
        id=new_id(), practice_id=file.practice_id, file=file, ground=ground, request_id=request_id, since_at=now,
        since_by_id=by.account_id, since_role=by.role,
    )  # fmt: skip
    key = access.new_file(file_id=row.id, by=by, practice_id=row.practice_id, purpose=Purpose.LEGAL, now=now)
    key.write(row, note=note.strip() or None)
    row.save(force_insert=True)
    journal(row, "restriction.begun", file_id=file.pk, by=by, now=now, ground=ground)
    transaction.on_commit(lambda: settle([file.pk], now), robust=True)
    return row


@transaction.atomic
def tell(*, restriction_id: UUID, how: str, by: Actor, now: datetime) -> Restriction:
    """Note that the person knows of the coming end, or write to them now (Art. 18(3)); telling again counts anew.

    Written to, the person knows once the mail server took it: it is noted then. Raises Refused, and Restriction.DoesNotExist
    when there is none in the scope.
    """
    row, file = _row_and_file(restriction_id)
    address = (_despite(file, Part.RESTRICTION, by, now).read(file, "email") or "") if how == Told.MAIL else ""
    require(why_not_tell(row, how, address))
    if how == Told.MAIL:
        about = [str(row.pk), str(by.account_id or ""), by.role]
        mails.lifting(to=address, where=jurisdiction_of(file), about=about, now=now)
    else:
        _note_told(row, how, by, now)
    return row


def _note_told(row: Restriction, how: str, by: Actor, now: datetime) -> None:
    row.told_at, row.told_by_id, row.told_how = max(now, row.since_at), by.account_id, how
    row.save(update_fields=["told_at", "told_by", "told_how"])
    journal(row, "restriction.told", file_id=row.file_id, by=by, now=now, how=how)


@transaction.atomic
def _mail_left(about: Sequence[str], now: datetime) -> None:
    """Note that the person was written to, by whom it was asked for. One that is lifted already stays as it is."""
    restriction_id, account_id, role = about
    with scope(ALL):
        row = Restriction.objects.select_for_update(of=("self",)).filter(pk=restriction_id, lifted_at=None).first()
        if row is not None:
            by = Actor(UUID(account_id) if account_id else None, role, row.practice_id, channel="task")
            _note_told(row, Told.MAIL, by, now)


def _still_restricted(about: Sequence[str], _now: datetime) -> None:
    """Raises ``Refused`` when the restriction was lifted before the letter left."""
    with scope(ALL):
        if not Restriction.objects.filter(pk=about[0], lifted_at=None).exists():
            raise Refused(OUTDATED)


def _first_day(about: Sequence[str], now: datetime) -> Mapping[str, Value]:
    """From which day it may be lifted: the week runs from when the person is told, as the rule that lifts it counts."""
    with scope(ALL):
        row = Restriction.objects.select_related("file__practice").get(pk=about[0])
        return {"first_day": NOTICE.after(day_of(row.file, max(now, row.since_at)))}


keep_book(Occasion(mails.OCCASION, _mail_left, _still_restricted, _first_day))


@transaction.atomic
def lift(*, restriction_id: UUID, why: str, by: Actor, now: datetime) -> Restriction:
    """End it, once the person was told. The file is free when no other restriction is on it.

    Raises Refused with what to do, and Restriction.DoesNotExist when there is none in the scope.
    """
    row, file = _row_and_file(restriction_id)
    require(why_not_lift(row, why, file=file, now=now))
    key = access.open(
        row.pk,
        by=by,
        purpose=Purpose.LEGAL,
        part=Part.RESTRICTION.value,
        practice_id=row.practice_id,
        now=now,
        action="change",
    )
    key.write(row, lifted_why=why.strip())
    row.lifted_at, row.lifted_by_id, row.lifted_role = now, by.account_id, by.role
    row.save(update_fields=["lifted_at", "lifted_by", "lifted_role", "lifted_why"])
    journal(row, "restriction.lifted", file_id=file.pk, by=by, now=now, ground=row.ground)
    transaction.on_commit(lambda: settle([file.pk], now), robust=True)
    return row


@transaction.atomic
def read(*, file_id: UUID, ground: str, why: str, by: Actor, now: datetime) -> RestrictedOpening:
    """Let ``by`` read the restricted file for half an hour, on a ground of Art. 18(2); nothing can be changed in it."""
    file = locked(file_id)
    require(why_not_read(file_id, ground, why))
    row = RestrictedOpening(
        id=new_id(), practice_id=file.practice_id, file=file, opened_at=now, opened_by_id=person(by), ground=ground,
        until=now + READ_FOR,
    )  # fmt: skip
    _despite(file, Part.RESTRICTION, by, now).write(row, why=why.strip())
    row.save(force_insert=True)
    journal(row, "restriction.read", file_id=file.pk, by=by, now=now, ground=ground)
    return row


def open_read(opening: RestrictedOpening, part: Part, *, by: Actor, now: datetime) -> Handle:
    """The way to the file's content while the reading runs; one line of the journal."""
    if by.account_id != opening.opened_by_id or not opening.opened_at <= now < opening.until:
        raise Refused(Refusal("over", _("This reading is over. Ask for another one, with its reason.")))
    return _despite(opening.file, part, by, now)


def open_for_subject(file: PatientFile, part: Part, *, link: PortalLink, by: Actor, now: datetime) -> Handle:
    """The reading of whose file it is, restricted or not: it was never closed to them (PC-63).

    By their own link, as the patient or a child's guardian; one line of the journal. Raises Refused for
    anybody else, and KeyRefused for an archived file, which the restriction doesn't open.
    """
    require(why_not_read_own(link, file.pk, by.account_id, now))
    return _despite(file, part, by, now, from_archive=False)


def texts_of(rows: list[Restriction], *, by: Actor, now: datetime) -> list[tuple[Restriction, str, str]]:
    """The restrictions with their notes and the reasons of their ends; each opening is journaled."""
    if not rows:
        return []
    keys = access.open_many(
        [row.pk for row in rows], by=by, purpose=Purpose.LEGAL, part=Part.RESTRICTION.value,
        practice_id=rows[0].practice_id, now=now,
    )  # fmt: skip
    return [(row, keys[row.pk].read(row, "note") or "", keys[row.pk].read(row, "lifted_why") or "") for row in rows]


def locked(file_id: UUID) -> PatientFile:
    """The file, until the end of the transaction nobody else's to change."""
    return PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file_id)


def _row_and_file(restriction_id: UUID) -> tuple[Restriction, PatientFile]:
    file = locked(Restriction.objects.values_list("file_id", flat=True).get(pk=restriction_id))
    return Restriction.objects.select_for_update(of=("self",)).get(pk=restriction_id), file


def _despite(file: PatientFile, part: Part, by: Actor, now: datetime, *, from_archive: bool = True) -> Handle:
    return access.open(
        file.pk, by=by, purpose=Purpose.LEGAL, part=part.value, practice_id=file.practice_id, now=now,
        from_archive=from_archive, despite_restriction=True,
    )  # fmt: skip
