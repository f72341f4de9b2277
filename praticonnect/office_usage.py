"""The office's page of the product's use: totals of whole months, of at least eleven people who agree (PC-19)."""

from typing import Final

from django.contrib import admin
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from audit.requests import HouseRequest
from consents.usage import queries
from privacy.clocks import add_months, legal_day

MONTHS: Final = 3


def usage(request: HouseRequest) -> HttpResponse:
    """The last whole months, feature by feature; a line of too few says only that."""
    this_month = legal_day(request.now).replace(day=1)
    months = [add_months(this_month, -back) for back in range(1, MONTHS + 1)]
    lines = [line for month in months for line in queries.totals(month, request.now)]
    context = {"title": _("Use of the product"), "lines": lines, "least": queries.LEAST, "months": MONTHS}
    return TemplateResponse(request, "office/usage.html", {**admin.site.each_context(request), **context})
