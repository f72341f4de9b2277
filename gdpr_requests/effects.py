"""What a granted request does: right → handler, called in the deciding transaction; and what bites already at filing.

An app registers its handler in AppConfig.ready, so that deciding and doing can't come apart: what a handler refuses
isn't granted, and what raises undoes the decision.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from consents import queries as consents
from consents.models import ConsentEvent
from consents.states import Action
from gdpr_requests.models import Outcome, Request
from lifecycle.erasure.approving import approve
from lifecycle.erasure.execute import execute_file
from lifecycle.erasure.plan import plan_for_file
from lifecycle.models import Erasure
from privacy.consent_keys import Kind
from privacy.deadlines import Right
from privacy.patient_keys import EVERY_KEY
from privacy.refusals import Refusal, Refused
from records.restriction.queries import is_restricted

Effect = Callable[..., None]
"""Called as ``handler(request, by=, now=)`` with the locked request. Raises :class:`privacy.refusals.Refused` to stop it."""

NEEDED: Final = frozenset({Right.ERASURE, Right.RESTRICTION, Right.ACCESS, Right.PORTABILITY})
"""Rights whose grant means that the house does something: without a handler they can't be granted."""

FREE: Final = frozenset({Kind.CONSENT, Kind.AUTHORISATION})
"""What is withdrawn; a contract and an acknowledgement end by another act (PC-09)."""

_granted: dict[Right, Effect] = {}
_at_once: dict[Right, list[Effect]] = {}


def when_granted(right: Right, handler: Effect) -> None:
    """Have ``handler`` carry out each granted request for ``right``. Raises ValueError when another one does already."""
    if _granted.setdefault(right, handler) is not handler:
        raise ValueError(f"{right.name} has a handler already")


def handler_of(right: Right) -> Effect | None:
    """What carries out a granted request for ``right``."""
    return _granted.get(right)


def when_filed(right: Right, handler: Effect) -> None:
    """Have ``handler`` act in the transaction that files a request for ``right``: an objection bites at once (Art. 21).

    It is called as ``handler(request, email=, by=, now=)``.
    """
    if handler not in _at_once.setdefault(right, []):
        _at_once[right].append(handler)


def at_once(right: Right) -> tuple[Effect, ...]:
    """What bites when a request for ``right`` is filed."""
    return tuple(_at_once.get(right, ()))


def carry_out(request: Request, *, outcome: str, by: Actor, now: datetime) -> None:
    """Do what was granted. Raises Refused when it can't be done, and nothing is decided then."""
    right = Right(request.right)
    if outcome != Outcome.GRANTED:
        return
    handler = _granted.get(right)
    if handler is not None:
        handler(request, by=by, now=now)
    elif right in NEEDED:
        raise Refused(Refusal("no_effect", _("Nothing here carries this out yet, so it can't be granted.")))


def bite(request: Request, *, email: str, by: Actor, now: datetime) -> None:
    """What takes effect the moment a request is filed; ``email``: the person's address, empty where none is known."""
    for handler in at_once(Right(request.right)):
        handler(request, email=email, by=by, now=now)


def erase(request: Request, *, by: Actor, now: datetime) -> None:
    """Erase the file that was asked about, if no law and no hold keeps it (PC-62); an account leaves by its own way."""
    if request.file_id is None:
        _require_account_is_gone(request)
        return
    plan = plan_for_file(request.file_id, now)
    if plan.refused:
        sentence = next(line.sentence for line in plan.shown)
        raise Refused(Refusal("kept", _("This file can't be erased yet. %(why)s") % {"why": sentence}))
    approve("file", request.file_id, plan.sha256, by=by, now=now)
    execute_file(request.file_id, plan.sha256, by=by, now=now)


def restrict(request: Request, *, by: Actor, now: datetime) -> None:
    """Granted once the file is restricted: its own page asks which ground of Art. 18(1) it is (PC-63)."""
    if request.file_id is None:
        raise Refused(Refusal("no_file", _("Only a patient's file can be restricted. Ask which one is meant.")))
    if not is_restricted(request.file_id):
        raise Refused(
            Refusal("unrestricted", _("Restrict the file first, on its own page, with the ground. Then grant this."))
        )


def withdraw(request: Request, *, by: Actor, now: datetime) -> None:
    """Granted once it stands in the ledger: which consent is meant is read by a person, the switch is moved by an act of its own (PC-66)."""
    if request.account_id is not None and nothing_was_withdrawn(request, now):
        raise Refused(
            Refusal(
                "still_given",
                _(
                    "Nothing was withdrawn since this request came in. Turn off the consent that is meant (manage.py consents set), then grant this."
                ),
            )
        )


def nothing_was_withdrawn(request: Request, now: datetime) -> bool:
    """Whether the person still agrees to something optional, and withdrew nothing between the receipt of the request and ``now``."""
    subjects = [one for one in (request.account_id, request.file_id) if one]
    entries = ConsentEvent.objects.filter(subject_id__in=subjects, action=Action.WITHDRAWN, at__lte=now)
    if request.account_id is None or entries.filter(at__gte=request.received_at).exists():
        return False
    states = consents.states(request.account_id, now)
    return any(state.on for slot, state in states.items() if EVERY_KEY[slot.partition(".")[0]].kind in FREE)


def _require_account_is_gone(request: Request) -> None:
    gone = Erasure.objects.filter(subject_id=request.account_id, state=Erasure.State.DECIDED)
    if request.account_id is not None and not gone.exists():
        raise Refused(
            Refusal(
                "account_lives",
                _("The account is still there. Have it erased first (its holder's deletion, or manage.py erase)."),
            )
        )
