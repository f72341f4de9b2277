"""An uploaded identity document: sealed under a key of its own, checked once, destroyed with every version of it (MD-32)."""

import secrets
import tempfile
from datetime import datetime
from io import BytesIO
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from audit.actions import record_event
from audit.actors import Actor
from gdpr_requests.desk import mails, rules
from gdpr_requests.desk.rules import Refused, require
from gdpr_requests.desk.states import By, Event
from gdpr_requests.desk.writing import Step, locked
from gdpr_requests.models import IdentityDocument, Proof, Request
from privacy.ids import new_id
from privacy.purposes import Purpose
from records.actions.documents import stored_names
from records.objects import remove_objects
from records.preview import MAX_BYTES, inspect, too_large
from vault import access, rings

FOLDER: Final = "identity"
PART: Final = "identity_document"
SPOOL: Final = 1024 * 1024


def waiting(request_id: UUID) -> IdentityDocument | None:
    """The document that waits to be checked, if there is one."""
    return IdentityDocument.objects.filter(request_id=request_id, destroyed_at=None).first()


def send_document(*, request_id: UUID, source: BinaryIO, by: Actor, now: datetime) -> IdentityDocument:
    """Seal and store what the person sends, when it was asked for.

    Raises :class:`privacy.refusals.Refused` for what isn't a readable PDF, JPEG or PNG of up to 20 MB. What was stored for a
    row that couldn't be written is removed again.
    """
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Refused(too_large())
    found = inspect(data)
    row = IdentityDocument(
        id=new_id(), request_id=request_id, added_at=now, content_type=found.content_type,
        storage_name=f"{FOLDER}/{secrets.token_hex(20)}",
    )  # fmt: skip
    try:
        with transaction.atomic():
            step = locked(request_id, by=by, now=now)
            require(rules.why_not_send_document(step.request, step.side, waiting(request_id) is not None))
            _store(row, step, data, by, now)
    except BaseException:
        remove_objects([row.storage_name])
        raise
    return row


@transaction.atomic
def read_document(*, request_id: UUID, by: Actor, now: datetime) -> tuple[str, bytes] | None:
    """Kind and content of the document that waits, for whoever checks it; the opening is journaled. None when none waits."""
    request = locked(request_id, by=by, now=now, action="open")
    row = waiting(request_id)
    if row is None or request.side is not By.HANDLER:
        return None
    handle = access.open(
        row.pk, by=by, purpose=Purpose.LEGAL, part=PART, practice_id=request.request.practice_id, now=now
    )
    with default_storage.open(row.storage_name) as stored:
        return row.content_type, b"".join(handle.open_file(cast(BinaryIO, stored), name=row.storage_name))


@transaction.atomic
def check_document(*, request_id: UUID, accepted: bool, by: Actor, now: datetime) -> Request:
    """Say whether the document proves the identity. Either way it is destroyed; that it was checked is kept (MD-32)."""
    step = locked(request_id, by=by, now=now)
    row = waiting(request_id)
    require(rules.why_not_check(step.request, step.side, row is not None))
    assert row is not None  # noqa: S101 - the rule said so
    name, row.storage_name = row.storage_name, ""
    row.checked_at, row.checked_by_id, row.accepted, row.destroyed_at = now, by.account_id, accepted, now
    row.save(update_fields=["storage_name", "checked_at", "checked_by_id", "accepted", "destroyed_at"])
    if accepted:
        step.request.proof, step.request.proven_at = Proof.DOCUMENT, now
        step.write(Event.PROVE, fields=("proof", "proven_at"))
    else:
        step.write(Event.NOTE, str(rules.NOT_ACCEPTED), sent_by="page")
        mails.moved(step.request, mails.reader_of(step.request, step.handle), "message")
    _journal(row, "checked", step, now)
    rings.destroy([row.pk], now)
    remove_objects([name])
    return step.request


def stored() -> list[str]:
    """The names of all stored documents."""
    return stored_names(FOLDER)


def _store(row: IdentityDocument, step: Step, data: bytes, by: Actor, now: datetime) -> None:
    practice_id = step.request.practice_id
    handle = access.new_file(file_id=row.pk, by=by, practice_id=practice_id, purpose=Purpose.LEGAL, now=now)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as sealed:
        handle.seal_file(BytesIO(data), cast(BinaryIO, sealed), name=row.storage_name)
        sealed.seek(0)
        default_storage.save(row.storage_name, File(sealed, name=row.storage_name))
    row.save(force_insert=True)
    step.write(Event.NOTE)
    _journal(row, "sent", step, now)


def _journal(row: IdentityDocument, word: str, step: Step, now: datetime) -> None:
    record_event(
        by=step.by, verb=f"gdpr.identity.{word}", object_type=IdentityDocument._meta.label, object_id=row.pk,
        subject_id=step.request.account_id, practice_id=step.request.practice_id,
        detail={"request": step.request.number}, now=now,
    )  # fmt: skip
