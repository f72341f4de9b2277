"""What a file said before: the history of its own fields (PC-61)."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from records import queries
from records.corrections import corrections_of, opened
from records.models import PatientFile
from records.reading import Part
from records.views.frame import Visit, of_file, open_part, show

PAGE = 25


@require_safe
@of_file
def corrections(request: Visit, file: PatientFile) -> HttpResponse:
    """Each change of identity, contact, medical summary or day of death, with what stood there before."""
    handle = open_part(request, file, Part.FILE)
    page = Paginator(corrections_of(file), PAGE).get_page(request.GET.get("page"))
    names = queries.names_of(row.corrected_by_id for row in page)
    rows = [(opened(handle, row), names.get(row.corrected_by_id, "")) for row in page]
    return show(request, "corrections", file, handle, tab=Part.FILE, page=page, rows=rows)
