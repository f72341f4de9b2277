"""Transcripts by AssemblyAI, at its EU endpoint only: sound in, text out, then deleted there (PC-98).

What is used is https://www.assemblyai.com/docs/openapi.json: ``POST /v2/upload``, ``POST /v2/transcript``, ``GET`` and ``DELETE
/v2/transcript/{id}``, and a notice with a header that we give it. A notice carries an id and a status, and proves only who knows the
header: the text is fetched from the service itself. The default host is in the US; it isn't in the register, so nothing can go there.

A deletion empties the transcript and leaves its row, with ``http://deleted_by_user`` in the place of the sound's address: that answer
is what counts as deleted. The uploaded sound itself goes by the service's own schedule, two days at the latest once the transcript
was deleted (https://assemblyai.com/docs/faq, data retention). Doubts: whether a transcript that is still worked on can be deleted,
and with which status an unknown id is answered, isn't written down: a refusal is taken as *not yet*, a "not found" as gone.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from adapters.boxes.signatures import Arrival, shared_token
from adapters.calls import MIB, Answer, Deadline, HealthCall, Method, credentials_of
from adapters.door import send
from adapters.faults import Broken, Rejected
from adapters.grounds import Ground
from adapters.inbox import Hook, Said
from privacy.declare import Category

KEY: Final = "assemblyai"
URL: Final = "https://api.eu.assemblyai.com/v2"
HOOK: Final = "/hooks/assemblyai/transcripts"
HEADER: Final = "X-PratiConnect-Token"
MODELS: Final = ("universal",)
SOUND: Final = 16 * MIB
"""Bytes of a visit's sound at most: an hour in a voice codec."""
DELETED: Final = "http://deleted_by_user"
UPLOAD: Final = Deadline(seconds=120.0, attempts=1)
LISTED: Final = 100
"""Transcripts in one answer."""
LOOKED_BACK: Final = timedelta(days=7)
MOST_PAGES: Final = 50
SPOKEN: Final = frozenset({Category.HEALTH})
NOTHING: Final[frozenset[Category]] = frozenset()
"""Deleting and listing carry the service's own numbers of its copies, nothing of a visit."""


class Status(StrEnum):
    """How far a transcript is, in the service's own words."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript there. ``text`` when it is completed."""

    id: str
    status: Status
    text: str = field(default="", repr=False)
    model: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One that the service has, without its text."""

    id: str
    status: Status
    created_at: datetime
    deleted: bool


class NotYet(Exception):
    """The service doesn't delete this transcript now."""


def upload(sound: bytes, *, ground: Ground, now: datetime) -> str:
    """Bring the sound there; returns the address by which :func:`start` names it. Raises the door's faults."""
    answer = _call("POST", "/upload", ground=ground, now=now, content=sound, silence=60.0, deadline=UPLOAD)
    match answer.json():
        case {"upload_url": str(url)} if _is_theirs(url):
            return url
    raise _unusable(answer)


def start(upload_url: str, *, language: str, ground: Ground, now: datetime) -> Transcript:
    """Have it turned into text. The service knows no idempotency key, so it is sent once. Raises the door's faults."""
    asked = {
        "audio_url": upload_url,
        "language_code": language,
        "speech_models": list(MODELS),
        "webhook_url": settings.SITE_URL.rstrip("/") + HOOK,
        "webhook_auth_header_name": HEADER,
        "webhook_auth_header_value": _credential("ASSEMBLYAI_WEBHOOK_SECRET"),
    }
    return _transcript(_call("POST", "/transcript", ground=ground, now=now, json=asked))


def fetch(transcript_id: str, *, ground: Ground, now: datetime) -> Transcript:
    """How far it is, with its text. Raises the door's faults."""
    return _transcript(_call("GET", f"/transcript/{_safe(transcript_id)}", ground=ground, now=now))


def delete(transcript_id: str, *, ground: Ground, now: datetime, outgoing_id: UUID | None = None) -> None:
    """Delete it there; one that isn't there any more counts. Raises :class:`NotYet` and the door's faults."""
    try:
        answer = _call(
            "DELETE", f"/transcript/{_safe(transcript_id)}", NOTHING, ground=ground, now=now, outgoing_id=outgoing_id
        )
    except Rejected as refused:
        if _not_found(refused):
            return
        if refused.status in (400, 409):
            raise NotYet(transcript_id) from refused
        raise
    match answer.json():
        case {"id": str(found), "audio_url": str(url)} if found == transcript_id and url == DELETED:
            return
    raise _unusable(answer)


def listed(*, ground: Ground, now: datetime) -> list[Listed]:
    """Our transcripts there of the last days, the latest first, without their texts. Raises the door's faults."""
    found: list[Listed] = []
    for _number in range(MOST_PAGES):
        rows = _page(found[-1].id if found else "", ground, now)
        found += rows
        if len(rows) < LISTED or rows[-1].created_at < now - LOOKED_BACK:
            break
    return found


def _page(before: str, ground: Ground, now: datetime) -> list[Listed]:
    query = {"limit": LISTED, **({"before_id": before} if before else {})}
    answer = _call("GET", "/transcript", NOTHING, ground=ground, now=now, query=query)
    match answer.json():
        case {"transcripts": list(rows)}:
            return [_row(one, answer) for one in rows]
    raise _unusable(answer)


def read_notice(arrival: Arrival) -> Said:
    """Which transcript a notice is about, and how it ended. Raises ValueError for anything else."""
    match json.loads(arrival.body):
        case {"transcript_id": str(found), "status": ("completed" | "error") as status}:
            return Said(f"{_safe(found)}:{status}", f"transcript.{status}")
    raise ValueError("no notice of a transcript")


HOOKED: Final = Hook(KEY, shared_token(HEADER, lambda: [_credential("ASSEMBLYAI_WEBHOOK_SECRET")]), read_notice)


def _call(
    method: Method, path: str, categories: frozenset[Category] = SPOKEN, *, ground: Ground, now: datetime,
    deadline: Deadline | None = None, **body: Any,
) -> Answer:  # fmt: skip
    call = HealthCall(
        subprocessor=KEY,
        method=method,
        url=URL + path,
        categories=categories,
        headers={"Authorization": _credential("ASSEMBLYAI_API_KEY")},
        **body,
    )
    return send(call, ground=ground, now=now, deadline=deadline or Deadline())


def _credential(name: str) -> str:
    return credentials_of(KEY).get(name, "")


def _is_theirs(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "").endswith(".assemblyai.com")


def _safe(transcript_id: str) -> str:
    """Letters, digits and hyphens: what may stand in an address. Raises ValueError."""
    if not 0 < len(transcript_id) <= 64 or not transcript_id.replace("-", "").isalnum() or not transcript_id.isascii():
        raise ValueError("no id of a transcript")
    return transcript_id


def _transcript(answer: Answer) -> Transcript:
    match answer.json():
        case {"id": str(found), "status": "completed", "text": str(text), **rest}:
            return Transcript(found, Status.COMPLETED, text, str(rest.get("speech_model_used") or "")[:80])
        case {"id": str(found), "status": ("queued" | "processing" | "error") as status}:
            return Transcript(found, Status(status))
    raise _unusable(answer)


def _row(one: Any, answer: Answer) -> Listed:
    try:
        made = datetime.fromisoformat(one["created"])
        made = made if made.tzinfo else made.replace(tzinfo=UTC)
        return Listed(_safe(one["id"]), Status(one["status"]), made, one["audio_url"] == DELETED)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unusable(answer) from None  # what it was raised for names the value


def _not_found(refused: Rejected) -> bool:
    if refused.status == 404:
        return True
    try:
        said = refused.answer.json()
    except Broken:
        return False
    return refused.status == 400 and isinstance(said, dict) and "not found" in str(said.get("error", ""))


def _unusable(answer: Answer) -> Broken:
    return Broken(KEY, "its answer isn't what was agreed", sent=True, status=answer.status)
