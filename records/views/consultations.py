"""Consultations: listed, written with autosave, signed, amended, printed."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from privacy.refusals import Refused
from records import actions, queries
from records.assist.queries import help_for
from records.clock import day_of
from records.fields import CONSULTATION_FIELDS, LABELS
from records.forms import AmendForm, ConsultationForm, StrikeForm, TextsForm, as_typed, at_revision
from records.models import Consultation, ConsultationStatus, PatientFile
from records.portal.queries import live_share
from records.reading import (
    OpenConsultation,
    OpenVersion,
    Part,
    head_of,
    open_consultation,
    open_measures,
    open_version,
)
from records.views.frame import Visit, of_file, onward, open_part, show
from vault.handles import Handle


@require_safe
@of_file
def consultations(request: Visit, file: PatientFile) -> HttpResponse:
    """All consultations of the file, the latest first."""
    handle = open_part(request, file, Part.CONSULTATIONS)
    page = Paginator(queries.consultations_of(file), 50).get_page(request.GET.get("page"))
    rows = [open_consultation(handle, row) for row in page]
    return show(request, "consultations", file, handle, tab=Part.CONSULTATIONS, page=page, rows=rows)


@require_POST
@of_file
def start(request: Visit, file: PatientFile) -> HttpResponse:
    """Begin a consultation now; the draft is there before the first word."""
    row = actions.start_consultation(file=file, by=request.actor, now=request.now)
    return redirect("records:consultation", file.pk, row.pk)


@require_http_methods(["GET", "POST"])
@of_file
def consultation(request: Visit, file: PatientFile, consultation_id: UUID) -> HttpResponse:
    """The draft in its editor for its author, else the consultation as it was signed."""
    row = _row(file, consultation_id)
    mine = row.author_id == request.user.pk
    if request.method == "POST":
        return _save_or_sign(request, file, row)
    handle = open_part(request, file, Part.CONSULTATION)
    if row.status == ConsultationStatus.DRAFT and mine:
        return _editor(request, file, handle, row, ConsultationForm(initial=_initial(handle, row)))
    return _signed(request, file, handle, row)


@require_POST
@of_file
def draft(request: Visit, file: PatientFile, consultation_id: UUID) -> JsonResponse:
    """Autosave: answers with the new revision, or says why the text wasn't kept."""
    row = _row(file, consultation_id)
    form = ConsultationForm(request.POST)
    if not form.is_valid():
        wrong = next(iter(form.errors.values()))[0]
        return JsonResponse({"message": str(wrong)}, status=422)
    try:
        saved = _save(request, row, form)
    except Refused as refused:
        return JsonResponse({"message": str(refused.refusal.message)}, status=409)
    return JsonResponse({"revision": saved.revision})


@require_http_methods(["GET", "POST"])
@of_file
def amend(request: Visit, file: PatientFile, consultation_id: UUID) -> HttpResponse:
    """A new version of a signed consultation, with the reason for it."""
    row = get_object_or_404(queries.consultations_of(file), pk=consultation_id, status=ConsultationStatus.SIGNED)
    form = AmendForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _amend(request, row, form):
        messages.success(request, _("The new version is signed. The earlier ones stay."))
        return onward(request, file, "records:consultation", row.pk)
    handle = open_part(request, file, Part.CONSULTATION)
    form = at_revision(form, row.revision) if form.is_bound else AmendForm(initial=_initial(handle, row))
    return show(
        request, "amend", file, handle, tab=Part.CONSULTATIONS,
        form=form, row=row, saved=_saved(form, open_consultation(handle, row)),
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@of_file
def strike(request: Visit, file: PatientFile, consultation_id: UUID) -> HttpResponse:
    """Mark a signed consultation as one that never took place, after saying what that does."""
    row = get_object_or_404(queries.consultations_of(file), pk=consultation_id, status=ConsultationStatus.SIGNED)
    form = StrikeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _strike(request, row, form):
        messages.success(request, _("The consultation is struck. The file's clock counts without it."))
        return onward(request, file, "records:consultations")
    handle = open_part(request, file, Part.CONSULTATION)
    return show(
        request, "strike", file, handle, tab=Part.CONSULTATIONS, row=row, form=form, status=422 if form.errors else 200,
        goes=[_("Its place in the file's clock, which goes back to the consultation before.")],
        stays=[_("Its text and all its versions, marked as struck, with your reason.")],
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@of_file
def discard(request: Visit, file: PatientFile, consultation_id: UUID) -> HttpResponse:
    """Throw a draft away, after saying what goes."""
    row = get_object_or_404(queries.consultations_of(file), pk=consultation_id, status=ConsultationStatus.DRAFT)
    if request.method == "POST":
        try:
            actions.discard_draft(consultation=row, by=request.actor, now=request.now)
        except Refused as refused:
            messages.error(request, str(refused.refusal.message))
            return redirect("records:consultation", file.pk, row.pk)
        messages.success(request, _("The draft is gone."))
        return redirect("records:consultations", file.pk)
    handle = open_part(request, file, Part.CONSULTATION)
    return show(
        request, "discard", file, handle, tab=Part.CONSULTATIONS, row=row,
        goes=[_("Every text of this draft, for good.")],
        stays=[
            _("Values and documents added in it: they stay in the file."),
            _("The line in the journal that says that you discarded a draft."),
        ],
    )  # fmt: skip


@require_safe
@of_file
def version(request: Visit, file: PatientFile, consultation_id: UUID, number: int) -> HttpResponse:
    """One version, as it was signed then."""
    row = _row(file, consultation_id)
    found = get_object_or_404(queries.versions_of(row), number=number)
    handle = open_part(request, file, Part.CONSULTATION)
    return show(
        request, "version", file, handle, tab=Part.CONSULTATIONS,
        row=row, version=(opened := open_version(handle, found)), texts=_texts(opened),
    )  # fmt: skip


@require_safe
@of_file
def print_view(request: Visit, file: PatientFile, consultation_id: UUID) -> HttpResponse:
    """One sheet of paper: who, when, what, signed by whom."""
    row = _row(file, consultation_id)
    handle = open_part(request, file, Part.CONSULTATION, action="print")
    context = {
        "file": file,
        "head": head_of(handle, file, today=day_of(file, request.now)),
        "consultation": open_consultation(handle, row),
        "versions": list(queries.versions_of(row)),
        "texts": _texts(open_consultation(handle, row)),
    }
    return render(request, "records/consultation_print.html", context)


def _row(file: PatientFile, consultation_id: UUID) -> Consultation:
    return get_object_or_404(queries.consultations_of(file), pk=consultation_id)


def _initial(handle: Handle, row: Consultation) -> dict[str, object]:
    return {
        **open_consultation(handle, row).texts,
        "started_at": as_typed(row.started_at),
        "kind": row.kind,
        "revision": row.revision,
    }


def _save_or_sign(request: Visit, file: PatientFile, row: Consultation) -> HttpResponse:
    form = ConsultationForm(request.POST)
    if form.is_valid():
        try:
            saved = _save(request, row, form)
            if "sign" in request.POST:
                actions.sign(consultation=saved, by=request.actor, now=request.now)
                messages.success(request, _("Signed. From now on it only gets new versions."))
            else:
                messages.success(request, _("The draft is saved."))
            return redirect("records:consultation", file.pk, row.pk)
        except Refused as refused:
            form.add_error(None, str(refused.refusal.message))
    row.refresh_from_db()
    handle = open_part(request, file, Part.CONSULTATION)
    return _editor(request, file, handle, row, at_revision(form, row.revision), status=422)


def _save(request: Visit, row: Consultation, form: ConsultationForm) -> Consultation:
    return actions.save_draft(
        consultation=row,
        content=form.texts(),
        revision=form.cleaned_data["revision"],
        started_at=form.cleaned_data["started_at"],
        kind=form.cleaned_data["kind"],
        by=request.actor,
        now=request.now,
    )


def _amend(request: Visit, row: Consultation, form: AmendForm) -> bool:
    try:
        actions.amend(
            consultation=row,
            content=form.texts(),
            reason=form.cleaned_data["why"],
            started_at=_corrected(row, form),
            may_end=form.cleaned_data["may_end"],
            revision=form.cleaned_data["revision"],
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def _corrected(row: Consultation, form: AmendForm) -> datetime | None:
    """The day and time typed, if they differ from those that were shown (to the minute)."""
    typed: datetime | None = form.cleaned_data["started_at"]
    return typed if typed and as_typed(typed) != as_typed(row.started_at) else None


def _strike(request: Visit, row: Consultation, form: StrikeForm) -> bool:
    values = form.cleaned_data
    try:
        actions.strike_consultation(
            consultation=row, reason=values["why"], may_end=values["may_end"], by=request.actor, now=request.now
        )
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def _editor(
    request: Visit,
    file: PatientFile,
    handle: Handle,
    row: Consultation,
    form: ConsultationForm,
    status: int = 200,
) -> HttpResponse:
    return show(
        request, "consultation_edit", file, handle, tab=Part.CONSULTATIONS,
        form=form, row=row, saved=_saved(form, open_consultation(handle, row)), status=status,
        help=help_for(row, handle, account_id=request.user.pk, now=request.now),
    )  # fmt: skip


def _signed(request: Visit, file: PatientFile, handle: Handle, row: Consultation) -> HttpResponse:
    shown = open_consultation(handle, row)
    versions = [open_version(handle, found) for found in queries.versions_of(row)]
    return show(
        request, "consultation", file, handle, tab=Part.CONSULTATIONS,
        consultation=shown, texts=_texts(shown), versions=versions,
        measures=open_measures(handle, queries.measures_of(file).filter(consultation=row)),
        mine=row.author_id == request.user.pk, share=live_share(file, consultation_id=row.pk),
    )  # fmt: skip


def _texts(shown: OpenConsultation | OpenVersion) -> list[tuple[object, str]]:
    return [(LABELS[n], shown.texts[n]) for n in CONSULTATION_FIELDS if shown.texts[n]]


def _saved(form: TextsForm, shown: OpenConsultation) -> list[tuple[object, str]]:
    """The texts as they are saved, to compare with when the form was refused as a whole."""
    return _texts(shown) if form.is_bound and form.non_field_errors() else []
