"""The death of a patient: recorded, corrected, taken back (LAW-02)."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from privacy.days import written
from privacy.refusals import Refused
from records import actions
from records.forms import DeathForm
from records.models import PatientFile
from records.reading import Part
from records.views.frame import Visit, of_file, onward, open_part, show


@require_http_methods(["GET", "POST"])
@of_file
def death(request: Visit, file: PatientFile) -> HttpResponse:
    """Record the day of death; or take it back, where it was recorded by mistake."""
    lives = "lives" in request.POST
    form = DeathForm(request.POST if request.method == "POST" and not lives else None)
    if request.method == "POST" and (lives or form.is_valid()) and (row := _record(request, file, form, lives)):
        words = _("The death is taken back; the file is kept until %(day)s.") if lives else _("Recorded. The file is kept until %(day)s.")  # fmt: skip
        messages.success(request, words % {"day": written(row.retain_until)})
        return onward(request, row, "records:clock")
    handle = open_part(request, file, Part.CLOCK)
    died_on = handle.read(file, "died_on") or ""
    if not form.is_bound:
        form = DeathForm(initial={"died_on": died_on, "revision": file.revision})
    return show(
        request, "death", file, handle, tab=Part.CLOCK, form=form, died_on=died_on, status=422 if form.errors else 200
    )


def _record(request: Visit, file: PatientFile, form: DeathForm, lives: bool) -> PatientFile | None:
    said = {} if lives else form.cleaned_data
    try:
        return actions.record_death(
            file=file, died_on=said.get("died_on"), revision=said.get("revision"), may_end=said.get("may_end", False),
            by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return None
