"""The page about cookies: the list, the choice, and its change at any time."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.stepup import safe_next
from audit.requests import HouseRequest
from consents.cookies import audience, choice
from consents.cookies.forms import ChoiceForm
from consents.cookies.register import register


@require_http_methods(["GET", "HEAD", "POST"])
def cookies(request: HouseRequest) -> HttpResponse:
    """Each cookie with its function, category and duration (MD-60); a post keeps the answer (PC-110)."""
    form = ChoiceForm(request.POST) if request.method == "POST" else None
    if form and form.is_valid():
        yes = form.cleaned_data["choice"] == "yes"
        answer = redirect(safe_next(request, request.POST.get("next", "")) or "consents:cookies")
        choice.keep(answer, yes=yes, now=request.now)
        messages.success(request, _("Visits are counted from now on.") if yes else _("Your visits aren't counted."))
        return answer
    context = {
        "cookies": register(), "known": choice.of(request, request.now), "objects": choice.objects(request),
        "months": choice.term(), "kept_months": audience.KEPT_MONTHS, "cookies_open": False,
        "problem": form.errors["choice"][0] if form else "",
    }  # fmt: skip
    return render(request, "cookies/page.html", context, status=422 if form else 200)
