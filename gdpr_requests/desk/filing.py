"""A request comes in, by whatever channel: numbered, dated, sealed, and what bites at once bites (MD-33, MD-34)."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from gdpr_requests import effects
from gdpr_requests.desk import mails
from gdpr_requests.desk.rules import Refusal, Refused, require, why_not_file
from gdpr_requests.desk.states import DONE, Event, State
from gdpr_requests.desk.writing import add_exchange
from gdpr_requests.export.queries import link_of
from gdpr_requests.models import Channel, Proof, Request
from privacy.clocks import ZONES, Jurisdiction, legal_day
from privacy.deadlines import DataClass, Right, class_of_record, deadline
from privacy.ids import new_id
from privacy.purposes import Purpose
from records.models import PatientFile
from vault import access

TURN: Final = "select pg_advisory_xact_lock(hashtext('gdpr_requests.number'), %s)"
NOON: Final = time(12)
MANY: Final = frozenset({Right.QUESTION, Right.QUESTIONED_ACCESS, Right.OBJECTION, Right.WITHDRAWAL})
"""Rights of which a person may have several requests open: each is about another thing."""


@transaction.atomic
def file_request(
    *,
    right: Right | str,
    by: Actor,
    now: datetime,
    channel: Channel | str,
    account_id: UUID | None = None,
    practice_id: UUID | None = None,
    file_id: UUID | None = None,
    text: str = "",
    contact: Mapping[str, str] | None = None,
    received_at: datetime | None = None,
    data_class: DataClass | None = None,
    objects_to: str = "",
    entry_number: int | None = None,
) -> Request:
    """Enter one request; its number, its legal dates and its first exchange come with it. A receipt follows the commit.

    Who asks is an account, or ``contact`` with ``name`` and ``email`` or ``address`` (and ``language``). Care data are
    asked of ``practice_id`` (or of the practice of ``file_id``), all else of the house. ``received_at`` is the moment a
    letter arrived, else ``now``. ``entry_number``: the line of the access journal that is questioned. Raises :class:`privacy.refusals.Refused` with what to do.
    """
    right, received_at = Right(right), received_at or now
    require(
        why_not_file(right=right, text=text, objects_to=objects_to, contact=contact, received_at=received_at, now=now)
    )
    if account_id is None and contact is None:
        raise Refused(Refusal("nobody", _("Say who asks: an account, or a name with an address.")))
    file = _file(file_id, practice_id) if file_id else None
    if channel != Channel.DEATH:  # what the dead wanted is asked in their name, when no link is left
        require(_why_not_speak(account_id, file_id, now))
    practice_id = file.practice_id if file else practice_id
    year, serial = _number(now)
    require(_why_not_again(right, account_id, practice_id, file_id) or _why_not_question(account_id, entry_number))
    data = data_class or _class_of(right, practice_id, file, received_at)
    dates = deadline(right, data, received_at)
    own = account_id is not None and by.account_id == account_id
    request = Request(
        id=new_id(), year=year, serial=serial, right=right.value, data_class=data.value,
        objects_to=objects_to if right is Right.OBJECTION else "", channel=channel, account_id=account_id,
        practice_id=practice_id, file_id=file_id, entry_number=entry_number, received_at=received_at, filed_at=now, not_before=dates.not_before,
        target_on=dates.target_on, due_on=dates.due_on, state=State.RECEIVED,
        proof=Proof.LOGIN if own else "", proven_at=now if own else None,
    )  # fmt: skip
    handle = access.new_file(file_id=request.pk, by=by, practice_id=practice_id, purpose=Purpose.LEGAL, now=now)
    if contact is not None:
        handle.write(request, contact={key: value.strip() for key, value in contact.items() if value})
    request.save(force_insert=True)
    _journal(request, by, now)
    add_exchange(request, handle, Event.FILE, text, sent_by=channel, by=by, now=now)
    effects.bite(request, email=_email(account_id, contact), by=by, now=now)
    if channel != Channel.DEATH:  # nobody is written to before a person has established the death
        mails.receipt(request, mails.reader_of(request, handle))
    mails.arrived(request)
    return request


def moment_of(day: date, now: datetime) -> datetime:
    """When something came in that somebody enters by its day: now for today, else noon of that day in Paris (D17)."""
    return now if day == legal_day(now) else datetime.combine(day, NOON, ZONES[Jurisdiction.FR])


def _number(now: datetime) -> tuple[int, int]:
    """The next number of the year, without a gap: filings wait for one another until they commit."""
    year = legal_day(now).year
    with connection.cursor() as cursor:
        cursor.execute(TURN, [year])
    last = Request.objects.filter(year=year).aggregate(last=Max("serial"))["last"] or 0
    return year, last + 1


def _file(file_id: UUID, practice_id: UUID | None) -> PatientFile:
    with scope(ALL):
        found = PatientFile.objects.filter(pk=file_id).first()
    if found is None or practice_id not in (None, found.practice_id):
        raise Refused(Refusal("no_file", _("There is no such patient file at this practice. Check it.")))
    return found


def _why_not_speak(account_id: UUID | None, file_id: UUID | None, now: datetime) -> Refusal | None:
    """The rights in a file are the patient's own, or a guardian's for them: nothing is taken in that couldn't be granted."""
    if account_id is None or file_id is None or link_of(account_id, file_id, now) is not None:
        return None
    return Refusal(
        "not_theirs",
        _(
            "Only the patient exercises the rights in this file, or a parent or guardian for them. If you look in as a"
            " person of trust, ask the patient to file it; about your own data, choose your account."
        ),
    )


def _class_of(right: Right, practice_id: UUID | None, file: PatientFile | None, received_at: datetime) -> DataClass:
    """Care data asked of a practice are a medical record; how old it is, its file says where one is named."""
    if practice_id is None or right is not Right.ACCESS:
        return DataClass.ORDINARY
    if file is None or file.last_consultation_on is None:
        return DataClass.MEDICAL
    return class_of_record(file.last_consultation_on, legal_day(received_at))


def _why_not_again(
    right: Right, account_id: UUID | None, practice_id: UUID | None, file_id: UUID | None
) -> Refusal | None:
    """The same thing isn't asked twice while the first request is open (asked under the lock of the number)."""
    if account_id is None or right in MANY:
        return None
    same = Request.objects.filter(
        right=right.value, account_id=account_id, practice_id=practice_id, file_id=file_id
    ).exclude(state__in=DONE)
    found = same.first()
    if found is None:
        return None
    return Refusal("again", _("You asked for this already, under number %(n)s. Write there.") % {"n": found.number})


def _why_not_question(account_id: UUID | None, entry_number: int | None) -> Refusal | None:
    """A line of the journal is questioned once, unless that was withdrawn (asked under the lock of the number)."""
    if entry_number is None:
        return None
    asked = Request.objects.filter(account_id=account_id, entry_number=entry_number).exclude(state=State.WITHDRAWN)
    found = asked.first()
    if found is None:
        return None
    return Refusal("questioned", _("You asked about this access already, under number %(n)s.") % {"n": found.number})


def _email(account_id: UUID | None, contact: Mapping[str, str] | None) -> str:
    if account_id is not None:
        return User.objects.values_list("email", flat=True).get(pk=account_id)
    return (contact or {}).get("email", "")


def _journal(request: Request, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb="gdpr.request.filed", object_type=Request._meta.label, object_id=request.pk,
        subject_id=request.account_id, practice_id=request.practice_id,
        detail={"request": request.number, "right": request.right, "channel": str(request.channel)}, now=now,
    )  # fmt: skip
