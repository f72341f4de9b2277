"""The office's pages on the policy: versions, their announcement, who was told, who accepted again, who is left (MD-13)."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from consents import notices
from consents import queries as texts
from lifecycle.changes import actions, queries
from lifecycle.changes.rules import why_not_announce
from lifecycle.models import PolicyAnnouncement
from lifecycle.tasks import tell_changes
from privacy.clocks import legal_day
from privacy.refusals import Refused

PAGE: Final = 50


class AnnounceForm(forms.Form):
    """One box, so that nobody writes to everybody by a slip."""

    sure = forms.BooleanField(
        label=_("I have read this version in both languages, and everybody concerned may be told of it now."),
        error_messages={"required": _("Tick the box if everybody may be told. Nothing was sent.")},
    )


class LeftFilter(forms.Form):
    """Who is left: of those to be told, or of those to answer."""

    left = forms.ChoiceField(
        label=_("Who is left"),
        required=False,
        choices=[("", _("Not told by e-mail yet")), ("unanswered", _("Not accepted again yet"))],
    )


@require_safe
def policies(request: HouseRequest) -> HttpResponse:
    """Every version with what became of it, the newest first."""
    rows = queries.versions(get_language() or "en")
    context = {"title": _("Policy: versions and notices"), "rows": rows, "today": legal_day(request.now)}
    return _page(request, "office/policies.html", context)


@require_safe
def policy(request: HouseRequest, number: int) -> HttpResponse:
    """One version: its text, whom it concerns, who was told and has answered, and who is left."""
    return _version(request, number, AnnounceForm())


@require_POST
@fresh_factor
def announce(request: HouseRequest, number: int) -> HttpResponse:
    """Have everybody told; the worker begins at once, and the hourly sweep goes on with it."""
    form = AnnounceForm(request.POST)
    if not form.is_valid():
        return _version(request, number, form, status=422)
    try:
        actions.announce(number=number, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        transaction.on_commit(tell_changes.delay)
        messages.success(request, gettext("Announced. The e-mails go out now; this page counts them."))
    return redirect("admin:policy", number)


def _version(request: HouseRequest, number: int, form: AnnounceForm, *, status: int = 200) -> HttpResponse:
    rows = {one.number: one for one in texts.policies(get_language() or "en")}
    if number not in rows:
        raise Http404
    text, today = rows[number], legal_day(request.now)
    announcement = PolicyAnnouncement.objects.filter(number=number).first()
    refusal = why_not_announce(number, queries.wordings(number), announced=announcement is not None, today=today)
    context = {
        "title": gettext("Version %(number)s of the policy") % {"number": number}, "text": text, "form": form,
        "wording": notices.parse(text.content), "announcement": announcement, "refusal": refusal, "today": today,
        "figures": queries.figures(number, text.effective_on), **_left(request, number, text.effective_on),
    }  # fmt: skip
    return _page(request, "office/policy.html", context, status=status)


def _left(request: HouseRequest, number: int, effective_on: Any) -> dict[str, Any]:
    chosen = LeftFilter(request.GET)
    unanswered = chosen.is_valid() and chosen.cleaned_data["left"] == "unanswered"
    found = (queries.unanswered if unanswered else queries.untold)(number, effective_on)
    return {"chosen": chosen, "page": Paginator(found.order_by("pk"), PAGE).get_page(request.GET.get("page"))}


def _page(request: HouseRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
