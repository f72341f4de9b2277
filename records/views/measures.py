"""Measures: a table, a line for each series, a form; wrong ones are struck."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from privacy.refusals import Refused
from records import actions, queries
from records.forms import MeasureForm, as_typed
from records.models import PatientFile
from records.reading import OpenMeasure, Part, open_measures
from records.views.frame import Visit, of_file, open_part, show
from records.vitals import unit_for, words_for

CHARTED = 500
"""How many of the latest values the lines are drawn from."""
WIDTH, HEIGHT, EDGE = 220, 48, 4


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one measure, the latest first."""

    name: str | Promise
    unit: str
    values: list[OpenMeasure]

    @property
    def latest(self) -> OpenMeasure:
        """The last value."""
        return self.values[0]

    @property
    def points(self) -> str:
        """An SVG polyline through the values in the order of time; empty with fewer than two."""
        pairs = [
            (m.row.taken_at.timestamp(), number) for m in reversed(self.values) if (number := m.number) is not None
        ]
        if len(pairs) < 2:
            return ""
        xs = _spread([x for x, _y in pairs], WIDTH)
        ys = _spread([y for _x, y in pairs], HEIGHT)
        return " ".join(f"{x:.1f},{HEIGHT - y:.1f}" for x, y in zip(xs, ys, strict=True))

    @property
    def range(self) -> tuple[str, str]:
        """The lowest and the highest value."""
        numbers = sorted((n, m.shown) for m in self.values if (n := m.number) is not None)
        return (numbers[0][1], numbers[-1][1]) if numbers else ("", "")


@require_http_methods(["GET", "POST"])
@of_file
def measures(request: Visit, file: PatientFile) -> HttpResponse:
    """The measures of the file, and a form for the next one."""
    form = MeasureForm(request.POST or None, initial={"taken_at": as_typed(request.now)})
    if request.method == "POST" and form.is_valid() and _add(request, file, form):
        messages.success(request, _("The value is recorded."))
        return redirect("records:measures", file.pk)
    handle = open_part(request, file, Part.MEASURES)
    page = Paginator(queries.measures_of(file), 50).get_page(request.GET.get("page"))
    valid = queries.measures_of(file).filter(struck_at=None)[:CHARTED]
    return show(
        request, "measures", file, handle, tab=Part.MEASURES,
        form=form, page=page, rows=_rows(open_measures(handle, page)),
        series=series_of(open_measures(handle, valid)),
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_POST
@of_file
def strike(request: Visit, file: PatientFile, measure_id: UUID) -> HttpResponse:
    """Mark a value as wrong."""
    row = get_object_or_404(queries.measures_of(file), pk=measure_id)
    try:
        actions.strike_measure(measure=row, by=request.actor, now=request.now)
        messages.success(request, _("The value is struck: it stays readable, and counts no more."))
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
    return redirect("records:measures", file.pk)


def series_of(measures: Iterable[OpenMeasure]) -> list[Series]:
    """Values grouped by what was measured and its unit, the one measured last first."""
    grouped: dict[tuple[str, str], list[OpenMeasure]] = {}
    for measure in measures:
        grouped.setdefault((measure.code or measure.label, measure.unit), []).append(measure)
    return [
        Series(words_for(values[0].code, values[0].label), unit_for(unit), values)
        for (_what, unit), values in grouped.items()
    ]


def latest_of_each(measures: Iterable[OpenMeasure], most: int = 6) -> list[Series]:
    """The series that a summary shows."""
    return series_of(measures)[:most]


def _rows(measures: Iterable[OpenMeasure]) -> list[tuple[OpenMeasure, str | Promise, str]]:
    return [(m, words_for(m.code, m.label), unit_for(m.unit)) for m in measures]


def _spread(values: list[float], length: int) -> list[float]:
    """Values mapped from their own range to EDGE … length - EDGE; a flat one lies in the middle."""
    low, high = min(values), max(values)
    if high == low:
        return [length / 2 for _ in values]
    inner = length - 2 * EDGE
    return [EDGE + (value - low) / (high - low) * inner for value in values]


def _add(request: Visit, file: PatientFile, form: MeasureForm) -> bool:
    try:
        actions.add_measure(file=file, by=request.actor, now=request.now, **form.measured())
    except Refused as refused:
        form.add_error("taken_at", str(refused.refusal.message))
        return False
    return True
