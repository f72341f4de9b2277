"""The public page: who decides, and what the clock does alone."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from privacy.decisions import APPLIED, DECISIONS, discover


@require_safe
def decisions(request: HouseRequest) -> HttpResponse:
    """Read from the register that the database is measured against."""
    discover()
    context = {"decisions": DECISIONS.values(), "applied": APPLIED.values()}
    return render(request, "gdpr/decisions.html", context)
