"""The published statistics, for everybody."""

import csv

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from records.statistics import queries
from records.statistics.questions import LEAST, QUESTIONS, YEARLY_EPSILON

COLUMNS = ("quarter", "table", "group", "figure", "value", "within", "epsilon", "delta", "published_on")


@require_safe
def page(request: HouseRequest) -> HttpResponse:
    """One quarter's tables, the newest unless one is named, with how far each figure may be off."""
    name, known = request.GET.get("quarter", ""), queries.quarters()
    quarter = next((one for one in known if not name or one.name == name), None)
    if name and quarter is None:
        raise Http404
    tables = queries.tables(quarter) if quarter else []
    context = {
        "quarter": quarter, "quarters": known, "tables": tables, "least": LEAST, "cap": YEARLY_EPSILON,
        "bounds": [(one.words, column.words, column) for one in QUESTIONS for column in one.columns],
        "patient": sum(table.release.patient_epsilon for table in tables), "practice": sum(t.release.epsilon for t in tables),
    }  # fmt: skip
    return render(request, "records/statistics.html", context)


@require_safe
def open_file(request: HouseRequest) -> HttpResponse:
    """Every figure ever published, as CSV under an open licence."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="praticonnect-statistics.csv"'
    written = csv.DictWriter(response, COLUMNS)
    written.writeheader()
    written.writerows(queries.lines(queries.released()))
    return response
