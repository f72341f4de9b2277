"""Who answers STOP to a text message gets no more of them, codes they ask for themselves aside (PC-99).

BulkGate's own list covers promotional messages only, so this one is ours: the keyed hash of the number, kept as an objection is.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from accounts.texts import sending
from adapters import bulkgate, inbox
from adapters.boxes.models import Incoming
from audit.actions import record_event
from audit.actors import Actor
from gdpr_requests.desk.objecting import address_key, objects_to
from gdpr_requests.models import Objection

TEXTS: Final = "texts"
ANSWERED: Final = "10"
BECAME: Final = {"1": True, "2": False, "3": False}
"""Their words for delivered, unavailable, undelivered."""
WORDS: Final = frozenset({"stop", "arret", "arrêt", "unsubscribe", "הסר"})


def refuses_texts(number: str) -> bool:
    """Whether the holder of a number wants no text messages."""
    return objects_to(TEXTS, number)


def refuse_texts(*, number: str, by: Actor, now: datetime) -> bool:
    """Keep that a number takes no more text messages, once; False when that is known."""
    row, new = Objection.objects.get_or_create(kind=TEXTS, address_key=address_key(number), defaults={"since_at": now})
    if new:
        record_event(
            by=by, verb="gdpr.texts.refused", object_type=Objection._meta.label, object_id=row.pk,
            detail={"kind": TEXTS}, now=now,
        )  # fmt: skip
    return new


def take_texts_again(*, number: str, by: Actor, now: datetime) -> None:
    """Forget that a number takes no text messages: its proved holder wishes them again."""
    for row in Objection.objects.select_for_update().filter(kind=TEXTS, address_key=address_key(number)):
        record_event(
            by=by, verb="gdpr.texts.taken_again", object_type=Objection._meta.label, object_id=row.pk,
            detail={"kind": TEXTS}, now=now,
        )  # fmt: skip
        row.delete()


@inbox.applies(bulkgate.KEY, bulkgate.REPORTS)
def heard(event: Incoming, now: datetime) -> UUID | None:
    """Answers that say stop, and what became of a message: that is noted with the message of an account, if it is one."""
    for report in event.content:
        if str(report.get("status")) in BECAME and report.get("smsID"):
            sending.reported(str(report["smsID"]), delivered=BECAME[str(report["status"])], now=now)
        said = str(report.get("message", report.get("text", ""))).strip(" .!").casefold()
        if str(report.get("status")) == ANSWERED and said in WORDS and report.get("from"):
            number = f"+{str(report['from']).removeprefix('+')}"
            refuse_texts(number=number, by=Actor.system("bulkgate"), now=now)
    return None
