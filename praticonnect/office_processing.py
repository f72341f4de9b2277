"""The processing registers in the office, as the authority may ask for them: both of PratiConnect's, to print (Art. 30, MD-05)."""

from typing import Final

from django.contrib import admin
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from privacy.clocks import legal_day
from privacy.register import REGISTER_TITLES, Register, entries, retention_table
from privacy.schedule import in_force

OURS: Final = (Register.PRATICONNECT, Register.PROCESSOR)
"""Controller of accounts, processor of the practitioners; a practitioner prints their own in their privacy centre."""


@require_safe
def register(request: HouseRequest) -> HttpResponse:
    """Computed while the page is made, from the declarations that drive the code."""
    schedule, day = in_force(), legal_day(request.now)
    context = {
        "title": _("Processing registers"), "now": request.now, "schedule": retention_table(rules=schedule.rules),
        "version": schedule.number,
        "registers": [(REGISTER_TITLES[kind], entries(kind, schedule.rules, on=day)) for kind in OURS],
    }  # fmt: skip
    return TemplateResponse(request, "office/processing.html", {**admin.site.each_context(request), **context})
