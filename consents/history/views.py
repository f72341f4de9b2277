"""The public page of versions, and the difference between two."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from consents import notices, queries
from consents.history.comparing import compared, last_two
from consents.history.forms import CompareForm, TextForm
from consents.models import PublishedText
from privacy.clocks import legal_day


@require_safe
def history(request: HouseRequest) -> HttpResponse:
    """All versions of a text with their dates; two of them compared, the last two unless others are asked for (PC-24)."""
    titles = _titles(request.now)
    chosen = TextForm(request.GET, titles=titles)
    slot = (chosen.is_valid() and chosen.cleaned_data["text"]) or notices.POLICY
    versions = queries.versions(slot, get_language() or "en")
    asked = request.GET if "first" in request.GET or "second" in request.GET else None
    form = CompareForm(asked, versions=versions, initial={"text": slot, **last_two(versions)})
    context = {
        "chosen": chosen, "slot": slot, "title": titles[slot], "form": form, "today": legal_day(request.now),
        "versions": [(one, notices.parse(one.content)) for one in versions], "current": _current(versions, request.now),
        "language": versions[0].language if versions else "", **compared(form, versions),
    }  # fmt: skip
    bad = bool(form.errors) or not chosen.is_valid()
    return render(request, "consents/history.html", context, status=422 if bad else 200)


def _current(versions: list[PublishedText], now: datetime) -> int:
    """The number in force today, 0 when none is yet."""
    today = legal_day(now)
    return next((one.number for one in versions if one.effective_on <= today), 0)


def _titles(now: datetime) -> dict[str, str]:
    """Each text by its name, the policy first."""
    day, language = legal_day(now), get_language() or "en"
    return {
        slot: notices.in_force(slot, language, day).wording.title for slot in (notices.POLICY, *notices.every_slot())
    }
