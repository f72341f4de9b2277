"""A request as the pages show it: its figures, its thread, and which steps are open to whoever looks."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django import forms as django_forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from gdpr_requests.desk import forms, identity, informing, queries, rectifying, rules, steps
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.states import By, Event, move
from gdpr_requests.desk.wording import article_of, remedies, right_in_words
from gdpr_requests.desk.writing import in_custody
from gdpr_requests.models import Outcome, Request
from lifecycle.erasure import certificate as certificates
from privacy.clocks import legal_day
from privacy.deadlines import Right

KINDS: Final[dict[str, Any]] = {
    Event.FILE: _("Request received"),
    Event.NOTE: _("Message"),
    Event.ASK_IDENTITY: _("Proof of identity asked for"),
    Event.PROVE: _("Identity established"),
    Event.TAKE: _("Work begun"),
    Event.EXTEND: _("Time extended"),
    Event.ANSWER: _("Answer"),
    Event.CLOSE: _("Closed"),
    Event.WITHDRAW: _("Withdrawn"),
}
_message: Callable[..., Any] = lambda request, data: forms.MessageForm(data)  # noqa: E731

FORMS: Final[dict[str, Callable[[Request, Any], Any]]] = {
    "take": lambda request, data: django_forms.Form(data),
    "close": lambda request, data: django_forms.Form(data),
    "withdraw": lambda request, data: django_forms.Form(data),
    "accept": lambda request, data: django_forms.Form(data),
    "reject": lambda request, data: django_forms.Form(data),
    "message": _message,
    "ask_identity": _message,
    "extend": _message,
    "prove": lambda request, data: forms.ProofForm(data),
    "answer": lambda request, data: forms.AnswerForm(request, data),
}
EVENTS: Final = {
    "take": Event.TAKE, "close": Event.CLOSE, "withdraw": Event.WITHDRAW, "message": Event.NOTE,
    "ask_identity": Event.ASK_IDENTITY, "extend": Event.EXTEND, "prove": Event.PROVE, "answer": Event.ANSWER,
    "accept": Event.PROVE, "reject": Event.PROVE,
}  # fmt: skip


def carry_out(step: str, request: Request, data: dict[str, Any], *, by: Actor, now: datetime) -> None:
    """Do one step of the page. Raises :class:`privacy.refusals.Refused`, and KeyError for a step there is none of."""
    act: dict[str, Callable[..., Any]] = {
        "take": steps.take, "close": steps.close, "withdraw": steps.withdraw, "message": steps.write,
        "ask_identity": steps.ask_identity, "extend": steps.extend, "prove": steps.prove, "answer": steps.answer,
        "accept": lambda **named: identity.check_document(accepted=True, **named),
        "reject": lambda **named: identity.check_document(accepted=False, **named),
    }  # fmt: skip
    act[step](request_id=request.pk, by=by, now=now, **data)


def submitted(request: Request, step: str, posted: Any, *, by: Actor, now: datetime) -> Any:
    """Do what a form of the page asks; returns None when it is done, else the form with what is wrong."""
    form = FORMS[step](request, posted)
    if not form.is_valid():
        return form
    try:
        carry_out(step, request, form.cleaned_data, by=by, now=now)
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return form
    return None


@transaction.atomic
def page_of(
    request: Request, *, by: Actor, now: datetime, wrong: tuple[str, Any] | None = None, action: str = "open"
) -> dict[str, Any]:
    """The context of a request's page; opening it is journaled. ``wrong``: a step whose form is shown again."""
    told = queries.opened(request, by=by, now=now, action=action)
    side = rules.side_of(request, by, custody=in_custody(request.practice_id))
    waits = identity.waiting(request.pk) is not None
    possible = [name for name in FORMS if _is_possible(name, request, side, waits)]
    return {
        "asked": request,
        "told": told,
        "thread": [(line, KINDS[line.row.kind], _side(line, request)) for line in told.thread],
        "right": right_in_words(Right(request.right)),
        "article": article_of(Right(request.right)),
        "handles": side is By.HANDLER,
        "today": legal_day(now),
        "overdue": request.is_open and request.limit_on < legal_day(now),
        "reflecting": request.is_open and now < request.not_before,
        "waits": waits,
        "may_send": side is By.PERSON and request.state == "identity" and not waits,
        "paper": forms.PaperForm(),
        "correctable": rectifying.concerns(request)
        and request.is_open
        and request.file_id
        and side is By.HANDLER
        and by.role == "practitioner",
        "copies": informing.copies_of(request) if side is By.HANDLER else [],
        "certificate": _certificate(request),
        "remedies": remedies() if request.outcome in (Outcome.PARTLY, Outcome.REFUSED) else "",
        "forms": {name: _with_own_ids(name, request, wrong) for name in possible},
    }


def _certificate(request: Request) -> str:
    """Where the certificate of the erased file is read, for whoever may read the request; empty while there is none."""
    made = certificates.of_file(request.file_id) if request.outcome == Outcome.GRANTED and request.file_id else None
    return certificates.token_of(made.pk) if made else ""


def _with_own_ids(name: str, request: Request, wrong: tuple[str, Any] | None) -> Any:
    """One step's form, its fields named apart on the page: several forms have a field ``text``."""
    form = wrong[1] if wrong and wrong[0] == name else FORMS[name](request, None)
    form.auto_id = f"id_{name}_%s"
    return form


def _is_possible(name: str, request: Request, side: By | None, waits: bool) -> bool:
    found = move(request.state, EVENTS[name])
    if found is None or side not in found.by:
        return False
    if name == "extend":
        return rules.possible_end(request) is not None
    if name in ("accept", "reject"):
        return waits
    return not (name in ("prove", "ask_identity") and request.proof)


def _side(line: queries.Line, request: Request) -> Any:
    own = line.row.actor_id == request.account_id if request.account_id else line.row.actor_role == "anonymous"
    return _("the person") if own or line.row.kind == Event.FILE else _("whoever answers")
