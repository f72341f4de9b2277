"""The privacy centre's pages of integrations, and of an announced change of subprocessors."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from adapters import google
from adapters.scell import api as scell
from consents.rendering import by_section
from gdpr_requests.integrations import actions, connected, evidence, needed, queries
from gdpr_requests.integrations.forms import ObjectionForm
from lifecycle.changes.register import has_seen
from privacy.refusals import Refused
from subprocessors.calendars.queries import standing_of
from subprocessors.queries import Coming, coming, in_force
from subprocessors.wording import prose


@require_safe
def integrations(request: SignedInRequest) -> HttpResponse:
    """Every subprocessor in one line: those that a switch opens, and those that the service needs."""
    found = queries.integrations(request.user, language=get_language() or "en", now=request.now)
    optional, needed = [one for one in found if one.optional], [one for one in found if not one.optional]
    on = sum(bool(one.switch and one.switch.on) for one in optional)
    context = {"optional": optional, "needed": needed, "on": on, "coming": coming(request.now)}
    return render(request, "gdpr/integrations/list.html", context)


@require_safe
def integration(request: SignedInRequest, key: str) -> HttpResponse:
    """One of them: what it is, on what ground, what reaches it; open it, close it, or why nobody can (PC-22)."""
    language, now, user = get_language() or "en", request.now, request.user
    found = next((one for one in queries.integrations(user, language=language, now=now) if one.card.key == key), None)
    if found is None:
        raise Http404
    context = {"one": found, "later": connected.later(key)}
    if found.optional and found.switch:
        parent = queries.parent_is_on(user.pk, language=language, now=now)
        calendar = standing_of(user.pk) if key == google.KEY else None
        standing = connected.standing(key, found.switch.slot, user.pk)
        context |= {"parent_on": parent, "calendar": calendar, "standing": standing}
    else:
        context |= {"parent_on": True, "because": needed.because(key), "standing": needed.lies_there(key, user)}
    context["stores"] = key in needed.STORES
    if key == scell.KEY:
        page = evidence.page_of(user.pk, request.GET.get("page", ""))
        context |= {"page": page, "dossiers": evidence.rows(user.pk, page)}
    return render(request, "gdpr/integrations/one.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest) -> HttpResponse:
    """What is announced, word by word, and the objection to it; without an announcement the public register."""
    found = coming(request.now)
    if found is None and request.method != "POST":
        return redirect("subprocessors:register")
    if request.method == "POST":
        return _answered(request, found)
    return _page(request, found, ObjectionForm(initial={"asked": found.version.number}) if found else None)


def _answered(request: SignedInRequest, found: Coming | None) -> HttpResponse:
    seen = request.POST.get("said") == "seen"
    form = ObjectionForm({**request.POST.dict(), "text": "-"} if seen else request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422) if found else redirect("subprocessors:register")
    asked, me = form.cleaned_data, request.user.pk
    try:
        if seen:
            actions.see(account_id=me, asked=asked["asked"], by=request.actor, now=request.now)
            return redirect("gdpr:subprocessors")
        filed = actions.object_to(account_id=me, **asked, by=request.actor, now=request.now)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, found, form, status=409) if found else redirect("subprocessors:register")
    messages.success(request, _("Your objection has the number %(number)s.") % {"number": filed.number})
    return redirect("gdpr:request", filed.pk)


def _page(request: SignedInRequest, found: Coming | None, form: Any, *, status: int = 200) -> HttpResponse:
    if found is None:
        raise Http404
    before = prose(in_force(request.now))
    context = {
        "coming": found, "form": form, "before": before, "sections": by_section(before.content, prose(found.version).content),
        "objection": queries.objection_of(request.user.pk, found.announcement), "seen": has_seen(request.user, found),
    }  # fmt: skip
    return render(request, "gdpr/integrations/change.html", context, status=status)
