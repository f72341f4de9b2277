"""The contract as its practitioner sees it, and the one act that begins it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest
from lifecycle import actions, queries
from lifecycle.states import Name
from lifecycle.wording import ABOUT, ACTS, EVENTS, PHASES
from privacy.refusals import Refused


@require_safe
def subscription(request: SignedInRequest) -> HttpResponse:
    """The phase, since when and until when, what it opens, and what happened so far."""
    phase = queries.contract_at(request.user.pk, request.now)
    open_now = queries.phase_at(request.user.pk, request.now)
    facts = queries.facts_until(request.user.pk, request.now)
    context = {
        "phase": phase,
        "name": PHASES[phase.name],
        "about": ABOUT[open_now.name],
        "then": PHASES[phase.then] if phase.then else "",
        "acts": [(words, queries.allows(open_now, act)) for act, words in ACTS.items()],
        "history": [(EVENTS[fact.event], fact.at) for fact in facts],
        "can_subscribe": phase.name not in (Name.NONE, Name.SUBSCRIBED) and open_now == phase,
        "by_button": settings.DEMO,
    }
    return render(request, "lifecycle/subscription.html", context)


@require_POST
def subscribe(request: SignedInRequest) -> HttpResponse:
    """Begin the subscription without payment; only a demo has this button (payment comes with its provider)."""
    if not settings.DEMO:
        raise Http404
    try:
        actions.subscribe(user=request.user, by=request.actor, now=request.now)
    except Refused as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("You are subscribed. Everything is open again, as you left it."))
    return redirect("lifecycle:subscription")
