"""The office's page of emergency openings: what waits for a review, what is overdue; the reason is read here, never the file (MD-42)."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from care.models import EmergencyAccess
from care.tenancy import ALL, scope
from privacy.refusals import Refused
from records import emergency
from records.views.emergency import ReviewForm

PER_PAGE = 50


def emergencies(request: HouseRequest) -> HttpResponse:
    """Every emergency opening of every practice: what waits for a review first."""
    with scope(ALL):
        page = Paginator(emergency.in_order(EmergencyAccess.objects.all()), PER_PAGE).get_page(request.GET.get("page"))
        reviews = emergency.reviews_at(request.now)
        rows = list(page.object_list)
    context = {"title": _("Emergency openings"), "page": page, "rows": rows, "now": request.now, "reviews": reviews}
    return _page(request, "office/emergencies.html", context)


@fresh_factor
def review(request: HouseRequest, emergency_id: UUID) -> HttpResponse:
    """One opening with its reason (the reading is journaled), and the officer's verdict."""
    form = ReviewForm(request.POST or None)
    with scope(ALL):
        row = get_object_or_404(emergency.in_order(EmergencyAccess.objects.all()), pk=emergency_id)
        if request.method == "POST" and form.is_valid() and _reviewed(request, row.pk, form):
            return redirect("admin:emergencies")
        why = emergency.reason_of(row, by=request.actor, now=request.now)
    context = {"title": _("Review of an emergency opening"), "row": row, "why": why, "form": form}
    return _page(request, "office/emergency_review.html", context, status=422 if form.errors else 200)


def _reviewed(request: HouseRequest, emergency_id: UUID, form: ReviewForm) -> bool:
    try:
        emergency.review(emergency_id=emergency_id, **form.cleaned_data, by=request.actor, now=request.now)
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return False
    messages.success(request, gettext("The review is recorded."))
    return True


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
