"""The public pages of the register: who, where, why, on what a transfer rests; and what each version changed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from consents.history.comparing import compared, last_two
from consents.history.forms import CompareForm
from privacy.clocks import legal_day
from privacy.payers import payers_at
from subprocessors import queries
from subprocessors.cards import card
from subprocessors.papers import papers
from subprocessors.wording import prose


@require_safe
def register(request: HouseRequest) -> HttpResponse:
    """The register as it counts today, and the change that is announced, if there is one (PC-90)."""
    found, known = queries.standings(request.now), papers()
    context = {
        "cards": [card(one, known.get(one.entry.key)) for one in found], "version": queries.in_force(request.now),
        "coming": queries.coming(request.now), "abroad": sum(one.entry.transfers for one in found),
        "closed": sum(one.closed is not None for one in found),
        "payers": payers_at(legal_day(request.now)),
    }  # fmt: skip
    return render(request, "subprocessors/register.html", context)


@require_safe
def history(request: HouseRequest) -> HttpResponse:
    """Every version that was announced; two of them compared, the last two unless others are asked for."""
    versions = queries.public(request.now)[::-1]
    texts = [prose(one) for one in versions]
    asked = request.GET if "first" in request.GET or "second" in request.GET else None
    form = CompareForm(asked, versions=texts, initial={"text": "subprocessors", **last_two(texts)})
    told = {one.number: one.at for one in queries.announced(request.now)}
    context = {
        "versions": [(one, told.get(one.number)) for one in versions], "form": form, "today": legal_day(request.now),
        "current": queries.in_force(request.now).number, **compared(form, texts),
    }  # fmt: skip
    return render(request, "subprocessors/history.html", context, status=422 if form.errors else 200)
