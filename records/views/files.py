"""One patient's file: its summary, its edits, its clock, what imports brought."""

import json
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from privacy.refusals import Refused
from records import actions, queries
from records.clock import birth_words, day_of, term_of
from records.coverage.queries import cover_of
from records.fields import CONTACT, FILE_FIELDS, IDENTITY, LABELS, MEDICAL, SEXES
from records.forms import EditForm, IdentityForm, MedicalForm, at_revision
from records.importing.queries import has_imports
from records.models import PatientFile
from records.reading import (
    Part,
    open_consultation,
    open_measures,
    texts_of,
)
from records.views.frame import Visit, of_file, onward, open_part, show
from records.views.measures import latest_of_each

LAST = 5
NOBODY = UUID(int=0)


@require_safe
@of_file
def file(request: Visit, file: PatientFile) -> HttpResponse:
    """The summary: who the patient is, what matters, what was last."""
    handle = open_part(request, file, Part.FILE)
    texts = texts_of(handle, file)
    last = queries.consultations_of(file)
    measures = open_measures(handle, queries.measures_of(file).filter(struck_at=None)[:200])
    return show(
        request, "file", file, handle, tab=Part.FILE,
        identity=named_texts(texts, IDENTITY), contact=named_texts(texts, CONTACT),
        medical=named_texts(texts, MEDICAL),
        consultations=[open_consultation(handle, row) for row in last[:LAST]],
        consultations_count=last.count(),
        measures=latest_of_each(measures),
        documents_count=queries.documents_of(file).count(),
        term=term_of(file, texts["birth_date"], died_on=handle.read(file, "died_on")),
        cover=cover_of(file, request.now) if request.actor.role == "practitioner" else None,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@of_file
def identity(request: Visit, file: PatientFile) -> HttpResponse:
    """Correct who the patient is and how to reach them."""
    return _edit(request, file, IdentityForm, _("Identity and contact"))


@require_http_methods(["GET", "POST"])
@of_file
def medical(request: Visit, file: PatientFile) -> HttpResponse:
    """Write the medical summary."""
    return _edit(request, file, MedicalForm, _("Medical summary"))


@require_POST
@of_file
def close(request: Visit, file: PatientFile) -> HttpResponse:
    """Take the file out of everyday use, or bring it back."""
    try:
        if "reopen" in request.POST:
            actions.reopen_file(file=file, by=request.actor, now=request.now)
            messages.success(request, _("The file is back in your list."))
        else:
            actions.close_file(file=file, by=request.actor, now=request.now)
            messages.success(request, _("The file left your list. You find it under “Closed files”."))
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
    return redirect("records:clock", file.pk)


@require_safe
@of_file
def kept(request: Visit, file: PatientFile) -> HttpResponse:
    """What imports brought that has no field of its own, by type."""
    handle = open_part(request, file, Part.KEPT)
    counts = queries.kept_counts(file)
    chosen = next((kind for kind, _number in counts if kind == request.GET.get("type")), "")
    rows = queries.kept_of(file)
    page = Paginator(rows.filter(resource_type=chosen) if chosen else rows, 50).get_page(request.GET.get("page"))
    return show(
        request, "kept", file, handle, tab=Part.KEPT,
        counts=counts, chosen=chosen, page=page, has_imports=has_imports(file),
    )  # fmt: skip


@require_safe
@of_file
def kept_one(request: Visit, file: PatientFile, kept_id: str) -> HttpResponse:
    """One kept resource, as it came."""
    row = get_object_or_404(queries.kept_of(file), pk=kept_id)
    handle = open_part(request, file, Part.KEPT)
    return show(
        request, "kept_one", file, handle, tab=Part.KEPT,
        row=row, raw=_pretty(handle.read(row, "raw") or ""),
    )  # fmt: skip


def _edit(
    request: Visit,
    file: PatientFile,
    form_class: type[EditForm],
    title: str,
) -> HttpResponse:
    today = day_of(file, request.now)
    form = form_class(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid() and _change(request, file, form):
        messages.success(request, _("Saved. The journal holds which fields changed."))
        return onward(request, file, "records:file")
    handle = open_part(request, file, Part.FILE)
    texts = texts_of(handle, file)
    if request.method == "GET":
        form = form_class(initial={**texts, "revision": file.revision}, today=today)
    else:
        form = at_revision(form, file.revision)
    return show(
        request, "edit", file, handle, tab=Part.FILE,
        form=form, title=title, status=422 if form.errors else 200,
        saved=named_texts(texts, form_class.NAMES) if form.non_field_errors() else [],
    )  # fmt: skip


def _change(request: Visit, file: PatientFile, form: EditForm) -> bool:
    try:
        actions.change_file(
            file=file,
            changes=form.texts(),
            revision=form.cleaned_data["revision"],
            may_end=form.cleaned_data["may_end"],
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def named_texts(texts: dict[str, str], names: tuple[str, ...] = FILE_FIELDS) -> list[tuple[object, object]]:
    """Label and text of the fields that hold something."""
    shown = texts | {"sex": str(SEXES.get(texts["sex"], texts["sex"])), "birth_date": birth_words(texts["birth_date"])}
    return [(LABELS[name], shown[name]) for name in names if shown[name]]


def _pretty(raw: str) -> str:
    """JSON with line breaks; other text as it is."""
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        return raw
