"""Every write about orders: entered, files named, confirmed, an agent let in, ended. Each locks the order (MD-43)."""

import secrets
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from accounts import sessions
from accounts.actions import sign_up_member
from accounts.models import User
from audit.actions import record_event, record_security
from audit.actors import Actor
from care.models import Practice
from care.queries import owns
from care.tenancy import ALL, scope
from privacy.clocks import end_of_term, legal_day
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refused, require
from records.actions.journal import journal, person
from records.authority import mails, queries
from records.authority.rules import (
    LINK_FOR,
    why_not_confirm,
    why_not_end,
    why_not_enter,
    why_not_invite,
    why_not_join,
    why_not_name,
    why_not_read_as,
)
from records.models import AuthorityOrder, OrderedFile, PatientFile, ToldHow
from records.objects import remove_objects
from records.preview import MAX_BYTES, inspect, too_large
from records.reading import Part
from records.search import twin_tokens
from vault import access
from vault.handles import Handle

FOLDER: Final = "orders"
OFFICE: Final = "dpo"
CODE_DIGITS: Final = 8
SPOOL: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """What the office types of an order. ``until_on`` and ``silent_until`` are last days, in Paris."""

    authority: str
    ground: str
    parts: Collection[str]
    issued_on: date
    until_on: date
    reference: str
    why: str
    whom: str
    agent: str
    email: str
    silent_until: date | None = None
    silent_why: str = ""


def enter(
    *, practice: Practice, said: Order, files: Collection[PatientFile], source: BinaryIO, by: Actor, now: datetime
) -> AuthorityOrder:
    """Write an order down with its document, sealed; nothing is open before the practice confirms it.

    ``files`` are those that the order names by number. Raises Refused (its code is the field's name) also for a document
    that isn't a readable PDF, JPEG or PNG of up to 20 MB; what was stored for a row that couldn't be written is removed.
    """
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Refused(too_large())
    found = inspect(data)
    row = _row(practice, said, found.content_type, by, now)
    require(
        why_not_enter(
            issued_on=said.issued_on, until_at=row.until_at, silent_until=said.silent_until,
            silent_why=said.silent_why.strip(), today=legal_day(now), now=now,
        )
    )  # fmt: skip
    try:
        with transaction.atomic():
            _seal(row, said, source, by, now)
            row.save(force_insert=True)
            _event(row, "order.entered", by, now, authority=row.authority, parts=",".join(row.parts))
            for file in files:
                _name(row, file, by, now)
            mails.waits(mails.owners_of(practice.pk), row)
    except BaseException:
        remove_objects([row.storage_name])
        raise
    return row


def _row(practice: Practice, said: Order, content_type: str, by: Actor, now: datetime) -> AuthorityOrder:
    return AuthorityOrder(
        id=new_id(), practice=practice, authority=said.authority, ground=said.ground, parts=sorted(said.parts),
        issued_on=said.issued_on, until_at=end_of_term(said.until_on), silent_until=said.silent_until, entered_at=now,
        entered_by_id=person(by), content_type=content_type, storage_name=f"{FOLDER}/{secrets.token_hex(20)}",
        email=said.email.lower(),
    )  # fmt: skip


def _seal(row: AuthorityOrder, said: Order, source: BinaryIO, by: Actor, now: datetime) -> None:
    key = access.new_file(file_id=row.id, by=by, practice_id=row.practice_id, purpose=Purpose.LEGAL, now=now)
    key.write(
        row, reference=said.reference.strip(), why=said.why.strip(), whom=said.whom.strip() or None,
        agent=said.agent.strip(), silent_why=said.silent_why.strip() or None if said.silent_until else None,
    )  # fmt: skip
    source.seek(0)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as sealed:
        key.seal_file(source, cast(BinaryIO, sealed), name=row.storage_name)
        sealed.seek(0)
        default_storage.save(row.storage_name, File(sealed))


@transaction.atomic
def name_file(*, order_id: UUID, surname: str, birth_date: str, by: Actor, now: datetime) -> OrderedFile:
    """The practice says which file the order means; no name is shown. Named twice is named once.

    Raises Refused, and AuthorityOrder.DoesNotExist outside the scope.
    """
    order = _locked(order_id)
    tokens = twin_tokens(order.practice_id, {"surname": surname, "birth_date": birth_date})
    fitting = PatientFile.objects.filter(practice_id=order.practice_id, search_tokens__contains=tokens)
    found = list(fitting.select_related("practice")[:2]) if tokens else []
    require(why_not_name(order, found, now=now))
    known = OrderedFile.objects.filter(order=order, file=found[0]).first()
    return known or _name(order, found[0], by, now)


def _name(order: AuthorityOrder, file: PatientFile, by: Actor, now: datetime) -> OrderedFile:
    row = OrderedFile.objects.create(
        order=order, practice_id=order.practice_id, file=file, named_at=now, named_by_id=person(by)
    )
    journal(row, "order.file_named", file_id=file.pk, by=by, now=now, order=str(order.pk))
    return row


@transaction.atomic
def take_out(*, ordered_id: UUID, by: Actor, now: datetime) -> bool:
    """The order opens this file no more, from the next request on; False when it was taken out already."""
    row = OrderedFile.objects.select_for_update().get(pk=ordered_id)
    if row.taken_out_at:
        return False
    row.taken_out_at, row.taken_out_by_id = now, person(by)
    row.save(update_fields=["taken_out_at", "taken_out_by"])
    journal(row, "order.file_taken_out", file_id=row.file_id, by=by, now=now, order=str(row.order_id))
    return True


@transaction.atomic
def confirm(*, order_id: UUID, by: Actor, now: datetime) -> AuthorityOrder:
    """The owner of the practice agrees: from now on the named agent can be let in. The patients are told unless forbidden."""
    order = _locked(order_id)
    files = queries.files_of(order).count()
    require(why_not_confirm(order, by=by, owns=owns(person(by), order.practice_id), files=files, now=now))
    order.confirmed_at, order.confirmed_by_id = now, by.account_id
    order.save(update_fields=["confirmed_at", "confirmed_by"])
    _event(order, "order.confirmed", by, now, files=files)
    tell_patients(order_id=order.pk, by=by, now=now)
    return order


@transaction.atomic
def send_link(*, order_id: UUID, by: Actor, now: datetime) -> str:
    """A new link goes to the agent by mail. Returns the code, shown once, to be told by another way; older ones are void."""
    order = _locked(order_id)
    require(why_not_invite(order, now=now))
    token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    order.token_hash, order.code_hash = queries.hashed(token), queries.hashed(code, token)
    order.link_until, order.tries = min(now + LINK_FOR, order.until_at), 0
    order.save(update_fields=["token_hash", "code_hash", "link_until", "tries"])
    _event(order, "order.link_sent", by, now)
    mails.link(order, token)
    return code


@transaction.atomic
def join(
    *, token: str, code: str, user: User | None, password: str, language: str, by: Actor, now: datetime
) -> AuthorityOrder | None:
    """The agent joins with link and code, under an own account: ``user``, or a new one. None for a wrong code.

    Raises Refused when the link is over. The address is forgotten: the account has it.
    """
    with scope(ALL):
        found = queries.invited_by(token)
        order = AuthorityOrder.objects.select_for_update(of=("self",)).get(pk=found.pk) if found else None
        require(why_not_join(order, now=now) or (why_not_read_as(order, user and user.pk) if order else None))
        assert order is not None  # noqa: S101 - the rule refused otherwise
        if not secrets.compare_digest(order.code_hash, queries.hashed("".join(code.split()), token)):
            order.tries += 1
            order.save(update_fields=["tries"])
            record_security(by=by, kind="authority.code_wrong", outcome="refused", now=now)
            return None
        agent = user or sign_up_member(email=order.email, password=password, language=language, by=by, now=now)
        order.account, order.joined_at, order.email, order.token_hash, order.code_hash = agent, now, "", None, ""
        order.save(update_fields=["account", "joined_at", "email", "token_hash", "code_hash"])
        who = Actor(
            agent.pk, "authority", ip=by.ip, user_agent=by.user_agent, request_id=by.request_id, channel=by.channel
        )
        _event(order, "order.joined", who, now)
    return order


@transaction.atomic
def end(*, order_id: UUID, why: str, by: Actor, now: datetime) -> AuthorityOrder:
    """End or refuse an order at once; every session of its agent ends too. Raises Refused with what to do."""
    order, why = _locked(order_id), why.strip()
    may = by.role == OFFICE or owns(person(by), order.practice_id)
    require(why_not_end(order, why, may=may))
    key = open_order(order, by=by, now=now, action="change")
    key.write(order, ended_why=why)
    order.ended_at, order.ended_by_id, order.ended_role = now, by.account_id, by.role
    order.email, order.token_hash, order.code_hash = "", None, ""
    order.save(update_fields=["ended_at", "ended_by", "ended_role", "ended_why", "email", "token_hash", "code_hash"])
    ended = sessions.end_all(order.account) if order.account else 0
    _event(order, "order.ended", by, now, sessions=ended)
    return order


def tell_patients(*, order_id: UUID | None = None, by: Actor, now: datetime) -> int:
    """Write to the patients of confirmed orders who may be told and have an account here. Returns how many were told.

    The others are told by the practice; its page names them. Safe to repeat: nobody is told twice.
    """
    due = queries.to_tell(now)
    due = due.filter(order_id=order_id) if order_id else due
    told = 0
    with transaction.atomic():
        for row in due.select_for_update(of=("self",), skip_locked=True):
            if to := mails.readers_of(row, now):
                _tell(row, ToldHow.MAIL, by, now)
                mails.told(to, row)
                told += 1
    return told


@transaction.atomic
def note_told(*, ordered_id: UUID, how: str, by: Actor, now: datetime) -> bool:
    """The practice notes that it told the patient itself; False when they were told, or may not be told yet."""
    row = queries.to_tell(now).select_for_update(of=("self",)).filter(pk=ordered_id).first()
    if row is None or how not in (ToldHow.LETTER, ToldHow.SPOKEN):
        return False
    _tell(row, how, by, now)
    return True


def _tell(row: OrderedFile, how: str, by: Actor, now: datetime) -> None:
    row.told_at, row.told_how = now, how
    row.save(update_fields=["told_at", "told_how"])
    journal(row, "order.patient_told", file_id=row.file_id, by=by, now=now, how=str(how))


def open_order(order: AuthorityOrder, *, by: Actor, now: datetime, action: str = "open") -> Handle:
    """What the order says of its reference, its agent, its reasons, and its document. Journaled; call inside a transaction."""
    return access.open(
        order.pk, by=by, purpose=Purpose.LEGAL, part=Part.ORDER.value, practice_id=order.practice_id, now=now, action=action
    )  # fmt: skip


def said_of(order: AuthorityOrder, *, by: Actor, now: datetime) -> dict[str, str | None]:
    """Its sealed words by name, the reading journaled; none once they were forgotten at the end of their term."""
    return {} if order.forgotten_at else open_order(order, by=by, now=now).reveal(order)


def document_of(order: AuthorityOrder, *, by: Actor, now: datetime) -> bytes:
    """The order itself, as it was uploaded; the reading is journaled. Raises FileNotFoundError once it was forgotten."""
    if not order.storage_name:
        raise FileNotFoundError("the document of this order was destroyed at the end of its term")
    handle = open_order(order, by=by, now=now, action="download")
    with default_storage.open(order.storage_name, "rb") as sealed:
        return b"".join(handle.open_file(cast(BinaryIO, sealed), name=order.storage_name))


def last_day_of(order: AuthorityOrder) -> date:
    """The last day, in Paris, on which the order opens anything."""
    return legal_day(order.until_at - timedelta(seconds=1))


def _locked(order_id: UUID) -> AuthorityOrder:
    return AuthorityOrder.objects.select_for_update(of=("self",)).select_related("practice", "account").get(pk=order_id)


def _event(order: AuthorityOrder, verb: str, by: Actor, now: datetime, **detail: str | int) -> None:
    record_event(
        by=by, verb=f"records.{verb}", object_type=order._meta.label, object_id=order.pk, practice_id=order.practice_id,
        detail=detail, now=now,
    )  # fmt: skip
