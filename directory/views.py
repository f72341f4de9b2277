"""The directory for everybody, and one's own page in it. No answer is kept by anybody: a withdrawal counts at once."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import signed_in
from audit.requests import HouseRequest
from consents import notices
from directory import actions, queries
from directory.cards import LISTING
from directory.forms import SearchForm, ShownForm
from privacy.clocks import legal_day


@require_safe
@cache_control(no_store=True)
def search(request: HouseRequest) -> HttpResponse:
    """The practitioners who agreed to be found, searched and in pages (PC-23)."""
    form = SearchForm(request.GET)
    wanted = form.wanted
    page, shown = queries.page_of(wanted, request.GET.get("page"), now=request.now)
    context = {"form": form, "page": page, "shown": shown, "searched": wanted != queries.Wanted()}
    return render(request, "directory/search.html", context)


@require_safe
@cache_control(no_store=True)
def page(request: HouseRequest, listing_id: UUID) -> HttpResponse:
    """One practitioner's public page; nothing is here without their grant of this moment (PC-23)."""
    shown = queries.page_at(listing_id, now=request.now)
    if shown is None:
        return render(request, "404.html", status=404)  # a Http404 would lose the header that forbids keeping
    return render(request, "directory/page.html", {"card": shown.card})


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HouseRequest) -> HttpResponse:
    """What the directory shows of me, or would; my telephone number is my choice."""
    user = signed_in(request)
    own = queries.own_page(user, now=request.now)
    form = ShownForm(own, request.POST or None)
    if request.method == "POST" and form.is_valid():
        shown = form.cleaned_data["shows_phone"]
        changed = actions.choose_phone(user=user, shown=shown, by=request.actor, now=request.now)
        messages.success(
            request, _("Your choice is saved.") if changed else _("Nothing was different, so nothing changed.")
        )
        return redirect("directory:mine")
    wording = notices.in_force(LISTING, get_language() or "en", legal_day(request.now)).wording
    return render(request, "directory/mine.html", {"own": own, "card": own.card, "form": form, "wording": wording})


@require_safe
def my_page(request: HouseRequest) -> HttpResponse:
    """To my public page while there is one, else to the page that says why there is none."""
    own = queries.own_page(signed_in(request), now=request.now)
    return redirect("directory:page", own.public_id) if own.public_id else redirect("directory:mine")
