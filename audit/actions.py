"""The only writers of the journals. Each raises if its entry can't be written, so that no act goes unrecorded.

The journals hold names of things, never values: ids, kinds, field names, text versions (invariant 14).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connections, router

from audit.actors import Actor
from audit.models import AccessEntry, EventEntry, SecurityEntry
from audit.words import EVENTS, KINDS

Detail = Mapping[str, str | int]
LONGEST_WORD = 200

# Every act waits for its line, so these two skip the ORM: its bulk insert of a list takes five times as long.
INSERT_ACCESSES = """
insert into audit_accessentry (at, actor_id, actor_role, channel, session_ref, request_id, leaf,
                               ip, user_agent, purpose, subject_id, part, action, practice_id)
select %(at)s, %(actor_id)s, %(actor_role)s, %(channel)s, %(session_ref)s, %(request_id)s, '',
       %(ip)s, %(user_agent)s, %(purpose)s, row.*
  from unnest(%(subject_id)s::uuid[], %(part)s::text[], %(action)s::text[], %(practice_id)s::uuid[]) as row
"""

INSERT_EVENT = """
insert into audit_evententry (at, actor_id, actor_role, channel, session_ref, request_id, leaf,
                              verb, object_type, object_id, subject_id, practice_id, detail)
values (%(at)s, %(actor_id)s, %(actor_role)s, %(channel)s, %(session_ref)s, %(request_id)s, '',
        %(verb)s, %(object_type)s, %(object_id)s, %(subject_id)s, %(practice_id)s, %(detail)s::jsonb)
"""


INSERT_EVENTS = """
insert into audit_evententry (at, actor_id, actor_role, channel, session_ref, request_id, leaf,
                              verb, object_type, object_id, subject_id, practice_id, detail)
select %(at)s, %(actor_id)s, %(actor_role)s, %(channel)s, %(session_ref)s, %(request_id)s, '',
       %(verb)s, %(object_type)s, row.object_id, row.subject_id, row.practice_id, row.detail
  from jsonb_to_recordset(%(rows)s::jsonb) as row (object_id text, subject_id uuid, practice_id uuid, detail jsonb)
"""


@dataclass(frozen=True)
class EventRow:
    """One object's line of an event that happened to many at once."""

    object_id: UUID
    subject_id: UUID | None
    practice_id: UUID | None
    detail: Detail


@dataclass(frozen=True)
class AccessRow:
    """One file's line of a bulk access: which part of it was shown, and how."""

    subject_id: UUID
    part: str
    action: str = "list"
    practice_id: UUID | None = None


def record_access(
    *,
    by: Actor,
    subject_id: UUID,
    part: str,
    purpose: str,
    action: str = "open",
    practice_id: UUID | None = None,
    now: datetime,
) -> AccessEntry:
    """Journal that ``by`` saw ``part`` of the file ``subject_id`` (PC-70)."""
    row = AccessRow(subject_id, part, action, practice_id)
    entry = _access_entry(by, row, purpose, now)
    entry.save(force_insert=True)
    return entry


def record_accesses(*, by: Actor, rows: Iterable[AccessRow], purpose: str, now: datetime) -> int:
    """Journal many accesses in one statement, one line per file. Returns how many."""
    lines = list(rows)
    columns = {
        "subject_id": [row.subject_id for row in lines],
        "part": [row.part for row in lines],
        "action": [row.action for row in lines],
        "practice_id": [row.practice_id or by.practice_id for row in lines],
    }
    shared = {**_author(by, now), **_origin(by), "purpose": str(purpose)}
    with connections[router.db_for_write(AccessEntry)].cursor() as cursor:
        cursor.execute(INSERT_ACCESSES, shared | columns)
        return len(lines)


def record_event(
    *,
    by: Actor,
    verb: str,
    object_type: str,
    object_id: UUID | str | int,
    subject_id: UUID | None = None,
    practice_id: UUID | None = None,
    detail: Detail | None = None,
    now: datetime,
) -> None:
    """Journal a creation, change or deletion, as ``records.consultation.signed`` (MD-44).

    ``detail`` names fields and ids, never values; raises ValueError for anything long or nested. A verb has its words in
    the app's ``events.py``, else :class:`audit.words.NoWords`.
    """
    EVENTS.require(verb)
    line = {
        **_author(by, now),
        "verb": verb,
        "object_type": object_type,
        "object_id": str(object_id),
        "subject_id": subject_id,
        "practice_id": practice_id or by.practice_id,
        "detail": json.dumps(_names_only(detail or {})),
    }
    with connections[router.db_for_write(EventEntry)].cursor() as cursor:
        cursor.execute(INSERT_EVENT, line)


def record_events(*, by: Actor, verb: str, object_type: str, rows: Iterable[EventRow], now: datetime) -> int:
    """Journal one event of many objects in one statement, one line an object. Returns how many."""
    EVENTS.require(verb)
    lines = list(rows)
    values = {
        **_author(by, now),
        "verb": verb,
        "object_type": object_type,
        "rows": json.dumps([{**vars(line), "detail": _names_only(line.detail)} for line in lines], default=str),
    }
    with connections[router.db_for_write(EventEntry)].cursor() as cursor:
        cursor.execute(INSERT_EVENTS, values)
    return len(lines)


def record_security(
    *,
    by: Actor,
    kind: str,
    account_id: UUID | None = None,
    outcome: Literal["ok", "refused"] = "ok",
    detail: Detail | None = None,
    now: datetime,
) -> SecurityEntry:
    """Journal a login, a factor, a lock-out: ``login.failed``, ``factor.added``."""
    KINDS.require(kind)
    return SecurityEntry.objects.create(
        **_author(by, now),
        **_origin(by),
        kind=kind,
        account_id=account_id or by.account_id,
        outcome=outcome,
        detail=_names_only(detail or {}),
    )


def _access_entry(by: Actor, row: AccessRow, purpose: str, now: datetime) -> AccessEntry:
    return AccessEntry(
        **_author(by, now),
        **_origin(by),
        practice_id=row.practice_id or by.practice_id,
        subject_id=row.subject_id,
        part=row.part,
        action=row.action,
        purpose=str(purpose),
    )


def _author(by: Actor, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "actor_id": by.account_id,
        "actor_role": by.role,
        "channel": by.channel,
        "session_ref": by.session_ref,
        "request_id": by.request_id,
    }


def _origin(by: Actor) -> dict[str, Any]:
    return {"ip": by.ip, "user_agent": by.user_agent[:400]}


def _names_only(detail: Detail) -> dict[str, str | int]:
    for key, value in detail.items():
        if not isinstance(value, str | int) or len(str(value)) > LONGEST_WORD:
            raise ValueError(f"the journal holds names and ids, never values: shorten or drop {key!r}")
    return dict(detail)
