"""The contract as its practitioner sees it, and the acts that begin and end it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest
from adapters.faults import Closed
from adapters.viva.api import checkout_address
from lifecycle import actions, queries, subscribing
from lifecycle.states import Name
from lifecycle.wording import ABOUT, ACTS, EVENTS, PAYMENTS, PHASES, euros
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
        "can_end": phase.name is Name.SUBSCRIBED and open_now == phase,
        **_paying(request),
    }
    return render(request, "lifecycle/subscription.html", context)


def _paying(request: SignedInRequest) -> dict[str, object]:
    """What the page says of money: the price, an order that waits, and what was paid so far."""
    closed = subscribing.why_closed(request.now)
    waiting = subscribing.open_payment(request.user.pk, request.now)
    rows = [(row, *PAYMENTS[row.state], euros(row.amount)) for row in subscribing.payments_of(request.user.pk)]
    return {
        "price": euros(settings.SUBSCRIPTION_CENTS),
        "closed": closed,
        "by_button": closed is not None and settings.DEMO,
        "waiting": waiting,
        "checkout": checkout_address(waiting.order_code) if waiting and waiting.order_code else "",
        "payments": rows,
    }


@require_POST
def subscribe(request: SignedInRequest) -> HttpResponse:
    """Ask for the payment that begins a subscription. A demo without a way to Viva begins it unpaid."""
    try:
        if settings.DEMO and subscribing.why_closed(request.now):
            actions.subscribe(user=request.user, by=request.actor, now=request.now)
            messages.success(request, _("You are subscribed. Everything is open again, as you left it."))
        else:
            subscribing.begin(user=request.user, by=request.actor, now=request.now)
    except Refused as refusal:
        messages.info(request, str(refusal))
    except Closed:
        messages.warning(request, _("Payments aren't open at the moment. Nothing was taken: try again later."))
    return redirect("lifecycle:subscription")


@require_POST
def end_subscription(request: SignedInRequest) -> HttpResponse:
    """End the subscription by its holder's own click: the days of grace follow, and every file is kept (PC-31)."""
    try:
        actions.end_subscription(user=request.user, by=request.actor, now=request.now)
    except Refused as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Your subscription is ended. For seven days everything stays open."))
    return redirect("lifecycle:subscription")
