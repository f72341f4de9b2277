"""Why a request can't be filed, moved or decided as asked: guard, sentence and test in one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from gdpr_requests.desk.grounds import Ground, grounds_of
from gdpr_requests.desk.states import By, Event, State, move
from gdpr_requests.models import Channel, ObjectionKind, Outcome, Request
from privacy.clocks import add_years, legal_day
from privacy.days import written
from privacy.deadlines import DataClass, Right, deadline
from privacy.refusals import Refusal, Refused, require

__all__ = ["Refusal", "Refused", "require"]

LONGEST: Final = 10_000
OLDEST_LETTER: Final = 1
"""Years. A letter older than this was received by mistake in its year: the day is checked again."""


def side_of(request: Request, by: Actor, *, custody: bool) -> By | None:
    """On which side ``by`` stands; None for a stranger. Nobody decides their own request (D8).

    ``custody``: the practice that was asked has nobody left, so that the data protection officer answers.
    """
    if by.role == "system":
        return By.CLOCK
    if by.account_id is not None and by.account_id == request.account_id:
        return By.PERSON
    if by.role == "anonymous" and (request.account_id is None or request.channel == Channel.DEATH):
        return By.PERSON
    if by.role == "dpo" and (request.practice_id is None or custody):
        return By.HANDLER
    if by.role == "practitioner" and request.practice_id is not None and by.practice_id == request.practice_id:
        return By.HANDLER
    return None


def why_not_file(
    *, right: Right, text: str, objects_to: str, contact: Mapping[str, str] | None, received_at: datetime, now: datetime
) -> Refusal | None:
    """A request says who asks, what about, and came in between a year ago and now."""
    if len(text) > LONGEST:
        return Refusal("too_long", _("The text may have 10,000 characters. Shorten it."))
    if right is Right.OBJECTION and objects_to not in ObjectionKind.values:
        return Refusal("no_object", _("Say what you object to: marketing, or processing for a legitimate interest."))
    if contact is not None and not contact.get("name", "").strip():
        return Refusal("no_name", _("Give a name, so that the answer can be addressed."))
    if contact is not None and not (contact.get("email") or contact.get("address", "").strip()):
        return Refusal("no_address", _("Give an e-mail address or a postal address, so that the answer can arrive."))
    if received_at > now:
        return Refusal("received_in_future", _("The day of receipt is in the future. Check it."))
    if legal_day(received_at) < add_years(legal_day(now), -OLDEST_LETTER):
        return Refusal("received_long_ago", _("The day of receipt is more than a year ago. Check the year."))
    return None


def why_not_move(request: Request, event: Event, side: By | None) -> Refusal | None:
    """The table of moves, then its column "by whom"."""
    found = move(request.state, event)
    if found is None:
        return _ALREADY if not request.is_open else _NOT_NOW
    return None if side in found.by else _NOT_YOURS


def why_not_extend(request: Request, side: By | None, text: str, now: datetime) -> Refusal | None:
    """Once, where the law knows it, with its reason, and told on the day it is due at the latest (MD-34)."""
    if refusal := why_not_move(request, Event.EXTEND, side):
        return refusal
    if possible_end(request) is None:
        return Refusal("no_extension", _("The law knows no extension for showing a medical record. Answer in time."))
    if legal_day(now) > request.due_on:
        return Refusal(
            "too_late",
            _("An extension had to be told on the due day at the latest, and that is past. Answer without delay."),
        )
    return _needs_words(text, _("Say why more time is needed: the person is told."))


def why_not_answer(
    request: Request, side: By | None, *, outcome: str, ground: str, text: str, now: datetime
) -> Refusal | None:
    """Never before the time of reflection; granted only to whom it concerns; refused only on a ground that fits."""
    if refusal := why_not_move(request, Event.ANSWER, side):
        return refusal
    if outcome not in Outcome.values:
        return Refusal("no_outcome", _("Choose what is decided: granted, granted in part, or refused."))
    if now < request.not_before:
        return Refusal(
            "reflection",
            _("A medical record is never shown before 48 hours of reflection: answer from %(day)s on.")
            % {"day": written(timezone.localtime(request.not_before), "DATETIME_FORMAT")},
        )
    if outcome != Outcome.REFUSED and not request.proof:
        return Refusal("not_proven", _("Check the person's identity first: nothing is granted to somebody unknown."))
    return _why_not_ground(request, outcome, ground) or _needs_words(text, _("Write the answer: the person reads it."))


def why_not_prove(request: Request, side: By | None) -> Refusal | None:
    """Identity is established once."""
    if refusal := why_not_move(request, Event.PROVE, side):
        return refusal
    return Refusal("proven", _("The identity was checked already. Nothing was changed.")) if request.proof else None


def why_not_ask_identity(request: Request, side: By | None) -> Refusal | None:
    """Only of somebody whose identity isn't established."""
    if refusal := why_not_move(request, Event.ASK_IDENTITY, side):
        return refusal
    return Refusal("proven", _("The identity was checked already. Nothing was changed.")) if request.proof else None


def why_not_send_document(request: Request, side: By | None, waiting: bool) -> Refusal | None:
    """A document is sent only when one was asked for, and one at a time: the fewest copies there can be."""
    if side is not By.PERSON:
        return _NOT_YOURS
    if request.state != State.IDENTITY:
        return Refusal("not_asked", _("No identity document is asked for. Please send none."))
    return Refusal("waiting", _("A document is waiting to be checked already.")) if waiting else None


def why_not_check(request: Request, side: By | None, waits: bool) -> Refusal | None:
    """There is a document to check, and it is checked by whoever answers."""
    if refusal := why_not_prove(request, side):
        return refusal
    return None if waits else Refusal("no_document", _("No identity document waits to be checked."))


def why_not_write(request: Request, side: By | None, text: str) -> Refusal | None:
    """A message says something."""
    return why_not_move(request, Event.NOTE, side) or _needs_words(text, _("Write a message first."))


def possible_end(request: Request) -> date | None:
    """The day until which the answer could be extended, or None where the law knows no extension."""
    dates = deadline(Right(request.right), DataClass(request.data_class), request.received_at)
    return dates.extended_until


def _why_not_ground(request: Request, outcome: str, ground: str) -> Refusal | None:
    if outcome == Outcome.GRANTED:
        return Refusal("ground", _("A request that is granted needs no ground. Leave it out.")) if ground else None
    if request.objects_to == ObjectionKind.MARKETING:
        return Refusal("absolute", _("An objection to marketing can't be refused (GDPR Art. 21(3))."))
    if ground not in Ground.values:
        return Refusal("no_ground", _("Name the legal ground of what isn't granted."))
    if Ground(ground) not in grounds_of(Right(request.right)):
        return Refusal("wrong_ground", _("The law doesn't know this ground for this right. Choose another."))
    return None


def _needs_words(text: str, message: object) -> Refusal | None:
    if not text.strip():
        return Refusal("no_text", str(message))
    if len(text) > LONGEST:
        return Refusal("too_long", _("The text may have 10,000 characters. Shorten it."))
    return None


NOT_ACCEPTED: Final = _("The document didn't establish the identity. It was destroyed; another one can be sent.")
_ALREADY: Final = Refusal("done", _("This request was answered or withdrawn already. Nothing was changed; reload."))
_NOT_NOW: Final = Refusal("not_now", _("This can't be done where the request stands now. Reload the page."))
_NOT_YOURS: Final = Refusal("not_yours", _("This step is the other side's."))
