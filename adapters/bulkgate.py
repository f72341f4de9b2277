"""BulkGate: text messages with codes and reminders (PC-99), over "Advanced transactional" v2. docs/adapters/bulkgate.md.

Read, never tried: delivery reports come as a JSON list over POST to an address we set at theirs, signed by nothing that their pages
name. So the address ends in a secret, and a report only moves a message that we sent, by its id. Their idempotency is the
duplicates check: the same words to the same number within five minutes go out once. After them a message that may have left is
the office's.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from adapters.boxes.models import Outgoing
from adapters.boxes.signatures import Arrival, secret_path
from adapters.calls import Call, credentials_of
from adapters.content import Plain
from adapters.door import Answer, Broken, Deadline, Rejected, send
from adapters.grounds import Ground, NoGround
from adapters.inbox import Hook, Said
from adapters.models import Egress, EgressOutcome, Outcome
from adapters.outbox import Undeliverable
from adapters.texts import Written, write
from audit.actors import Actor
from privacy.declare import Category
from privacy.refusals import Refusal

KEY: Final = "bulkgate"
URL: Final = "https://portal.bulkgate.com/api/2.0/advanced/transactional"
NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
TAKEN: Final = frozenset({"accepted", "sent", "scheduled"})
ONCE: Final = Deadline(attempts=1)
"""A message that may have left isn't sent again here: the outbox decides, within the five minutes of the duplicates check."""
REMEMBERED: Final = timedelta(minutes=4, seconds=30)
"""How long the duplicates check surely knows a message: five minutes, less what a call takes."""
NOT_TAKEN: Final = Q(outcome__in=(Outcome.REJECTED, Outcome.BUSY)) | Q(bytes_out=0)
"""How a call ended that sent no message."""
REPORTS: Final = "reports"
ASKED_FOR: Final = "login_code"
SENDER: Final = "PratiCo"
"""Eleven signs at most, so not our whole name."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text message. ``number`` in the international form, ``tag`` our own id of it."""

    number: str = field(repr=False)
    words: Plain
    tag: str
    categories: frozenset[Category]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it there: its id, and how many segments are paid for."""

    message_id: str
    segments: int


objections: list[Callable[[str], bool]] = []
"""Whether the holder of a number wants no text messages: registered from above. A code that somebody asked for isn't one of them."""


class Forgive(Protocol):
    """Ends the objection of a number, as its proved holder wishes."""

    def __call__(self, *, number: str, by: Actor, now: datetime) -> None: ...


forgiving: list[Forgive] = []
"""The same register's other way."""


def takes_none(number: str) -> bool:
    """Whether the holder of a number answered that they want no text messages, codes that they ask for aside."""
    return any(refuses(number) for refuses in objections)


def send_text(text: Text, *, outgoing_id: UUID | None = None, ground: Ground, now: datetime) -> Sent:
    """Send one text message. Raises as ``door.send`` does, ValueError for a number or length that can't be, TypeError for other words.

    ``Undeliverable`` (``unclear``) where an earlier attempt may have sent it, longer ago than the duplicates check remembers.
    """
    if not isinstance(text.words, Plain):
        raise TypeError("the words of a text message are Plain: made from a template")
    if not NUMBER.fullmatch(text.number):
        raise ValueError("a number is written as +33612345678")
    if ground.name != ASKED_FOR and takes_none(text.number):
        raise NoGround(Refusal("texts_refused", _("This number takes no text messages: its holder answered STOP.")))
    if _may_have_left(outgoing_id, now - REMEMBERED):
        raise Undeliverable("unclear")
    written = write(str(text.words))
    call = Call(
        subprocessor=KEY, method="POST", url=URL, categories=text.categories,
        json=_body(text, written), outgoing_id=outgoing_id,
    )  # fmt: skip
    answer = send(call, ground=ground, now=now, deadline=ONCE)
    return Sent(_message_id(answer), written.segments)


def _may_have_left(outgoing_id: UUID | None, before: datetime) -> bool:
    """Whether an attempt for this row, before that moment, may have sent it: no answer said that it didn't."""
    row = Outgoing.objects.filter(pk=outgoing_id, attempts__gt=1).first() if outgoing_id else None
    if row is None:
        return False
    lines = Egress.objects.filter(subprocessor=KEY, at__gte=row.queued_at, at__lt=before, outgoing_id=row.pk)
    return lines.filter(~Exists(EgressOutcome.objects.filter(NOT_TAKEN, egress_id=OuterRef("pk")))).exists()


def _body(text: Text, written: Written) -> dict[str, Any]:
    credentials = credentials_of(KEY)
    return {
        "application_id": credentials["BULKGATE_APPLICATION_ID"],
        "application_token": credentials["BULKGATE_APPLICATION_TOKEN"],
        "number": text.number.removeprefix("+"),
        "text": written.text,
        "channel": {"sms": {"sender_id": "gText", "sender_id_value": SENDER, "unicode": written.unicode}},
        "duplicates_check": "on",
        "tag": text.tag,
    }


def _message_id(answer: Answer) -> str:
    """The id of the one message. Raises Rejected where it says no to it, Broken for anything it doesn't promise."""
    try:
        (one,) = answer.json()["data"]["response"]
        status, message_id = one["status"], one.get("message_id")
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise Broken(KEY, "no message in its answer", sent=True, status=answer.status) from wrong
    if status == "error":
        code = one.get("code")
        raise Rejected(KEY, answer, str(code) if isinstance(code, int) else "")
    if status not in TAKEN or not isinstance(message_id, str) or not message_id:
        raise Broken(KEY, "a state that it doesn't promise", sent=True, status=answer.status)
    return message_id


def read(arrival: Arrival) -> Said:
    """A batch of reports has no id of its own: its content is."""
    reports = json.loads(arrival.body)
    if not isinstance(reports, list) or not all(isinstance(one, dict) for one in reports):
        raise ValueError("delivery reports come as a list")
    return Said(hashlib.sha256(arrival.body).hexdigest(), REPORTS)


def _secrets() -> Sequence[str]:
    return [credentials_of(KEY)["BULKGATE_REPORT_SECRET"]]


HOOK: Final = Hook(KEY, secret_path(_secrets), read)
