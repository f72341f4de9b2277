"""Without signing in: the contact form of the data protection officer, and the page behind a request's link (PC-67)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.throttle import Attempt, keyed, network_of, reserve
from audit.actors import Actor
from audit.requests import HouseRequest
from gdpr_requests.desk import identity, links, queries, showing
from gdpr_requests.desk.filing import file_request
from gdpr_requests.desk.forms import ContactForm, PaperForm
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.wording import remedies
from gdpr_requests.models import Channel, Request
from privacy.days import written
from records.uploads import refuse

TOO_MANY = 429


@require_http_methods(["GET", "POST"])
def contact(request: HouseRequest) -> HttpResponse:
    """Anybody writes to the data protection officer; what they write is a numbered request with a receipt."""
    form = ContactForm(request.POST or None)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        if until := _wait(request, form.cleaned_data["email"]):
            words = _("You wrote several times already. Please write again after %(moment)s.")
            form.add_error(None, words % {"moment": written(until, "DATETIME_FORMAT")})
            status = TOO_MANY
        elif filed := _filed(request, form):
            return redirect("gdpr:follow", links.token_of(filed.pk))
        else:
            status = 422
    return render(request, "gdpr/contact.html", {"form": form, "remedies": remedies()}, status=status)


@require_http_methods(["GET", "POST"])
def follow(request: HouseRequest, token: str) -> HttpResponse:
    """Where the request stands, and what the person may still do: write, send a document, withdraw."""
    asked = _asked(token)
    if asked is None:
        return render(request, "gdpr/follow.html", {"asked": None}, status=404)
    by, wrong, step = visitor(request), None, request.POST.get("step", "")
    if request.method == "POST" and step in ("message", "withdraw"):
        form = showing.submitted(asked, step, request.POST, by=by, now=request.now)
        if form is None:
            return redirect("gdpr:follow", token)
        wrong = (step, form)
    context = showing.page_of(asked, by=by, now=request.now, wrong=wrong)
    context["token"] = token
    return render(request, "gdpr/follow.html", context, status=422 if wrong else 200)


@require_POST
def follow_paper(request: HouseRequest, token: str) -> HttpResponse:
    """An identity document that was asked for."""
    asked = _asked(token)
    if asked is None:
        return render(request, "gdpr/follow.html", {"asked": None}, status=404)
    form = PaperForm(request.POST, request.FILES)
    refuse(form, request)
    if form.is_valid() and taken(form, asked.pk, by=visitor(request), request=request):
        return redirect("gdpr:follow", token)
    context = showing.page_of(asked, by=visitor(request), now=request.now) | {"paper": form, "token": token}
    return render(request, "gdpr/follow.html", context, status=422)


def taken(form: Any, request_id: UUID, *, by: Actor, request: HouseRequest) -> bool:
    """Store the document of a form; False with the reason on the form when it was refused."""
    try:
        identity.send_document(request_id=request_id, source=form.cleaned_data["paper"].file, by=by, now=request.now)
    except Refused as refused:
        form.add_error("paper", str(refused.refusal.message))
        return False
    return True


def visitor(request: HouseRequest) -> Actor:
    """Whoever holds the link acts as the person, not as the account that may be signed in besides."""
    return replace(request.actor, account_id=None, role="anonymous", practice_id=None, channel="link")


def _asked(token: str) -> Request | None:
    """The request of the link; one of an account is seen by the account alone, on its own page."""
    request_id = links.read(token)
    return queries.without_account(request_id) if request_id else None


def _wait(request: HouseRequest, email: str) -> Any:
    """Until when this network or this address has to wait, or None. Counted before the form is taken."""
    network = network_of(request.actor.ip or "127.0.0.1")
    for kind, text in (("contact.network", network), ("contact.address", email)):
        if until := reserve(Attempt(keyed(kind, text), keyed("contact", "form")), now=request.now):
            return until
    return None


def _filed(request: HouseRequest, form: ContactForm) -> Request | None:
    typed = form.cleaned_data
    language = get_language() or "en"
    try:
        return file_request(
            right=typed["right"], objects_to=typed["objects_to"], text=typed["text"], channel=Channel.FORM,
            contact={"name": typed["name"], "email": typed["email"], "language": language},
            by=visitor(request), now=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None
