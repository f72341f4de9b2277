"""The pages of a restriction: the list without names, its state, and reading a file that is restricted (PC-63)."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.stepup import fresh_factor
from privacy.refusals import Refused
from records import queries
from records.clock import day_of
from records.models import PatientFile, RestrictedOpening, Restriction, Told
from records.reading import Part, document_bytes, head_of, open_consultation, open_document, open_measures, texts_of
from records.restriction import actions
from records.restriction import queries as restrictions
from records.restriction.forms import LiftForm, ReadForm, RestrictForm, TellForm
from records.restriction.rules import NOTICE
from records.views.documents import as_attachment
from records.views.files import named_texts
from records.views.frame import Visit, closed_context

PER_PAGE = 50


@require_safe
def restricted(request: Visit) -> HttpResponse:
    """The restricted files: since when and why, no name."""
    files = restrictions.restricted_for(request.user).order_by("pk")
    page = Paginator(files, PER_PAGE).get_page(request.GET.get("page"))
    since = {row.file_id: row for row in restrictions.live().filter(file__in=list(page)).order_by("-since_at")}
    rows = [(file, since[file.pk]) for file in page if file.pk in since]
    return render(request, "records/restriction/list.html", {"page": page, "rows": rows})


@fresh_factor
@require_http_methods(["GET", "POST"])
def restriction(request: Visit, file_id: UUID) -> HttpResponse:
    """Restrict a file, tell the patient that it ends, lift it. What it says of a restricted file is nobody's health."""
    file = _file(request, file_id)
    act = request.POST.get("act", "")
    form = _FORMS[act](request.POST) if act in _FORMS else None
    if form and form.is_valid() and _done(request, file, form):
        return redirect("records:restriction", file.pk)
    live = list(restrictions.live().filter(file=file))
    context = {
        "file": file, "live": live, "ends": [_ending(file, row, form) for row in live],
        "history": actions.texts_of(list(restrictions.history_of(file)), by=request.actor, now=request.now),
        "openings": restrictions.openings_of(file)[:PER_PAGE],
        "restrict": form if isinstance(form, RestrictForm) else RestrictForm(),
    }  # fmt: skip
    return render(request, "records/restriction/state.html", context, status=422 if form and form.errors else 200)


def _ending(file: PatientFile, row: Restriction, form: forms.Form | None) -> dict[str, object]:
    """What can be done about one restriction: telling the patient, then lifting it, from which day on."""
    mine = form if form and form.data.get("restriction") == str(row.pk) else None
    tell = mine if isinstance(mine, TellForm) else TellForm(initial={"restriction": row.pk})
    lift = mine if isinstance(mine, LiftForm) else LiftForm(initial={"restriction": row.pk})
    first = NOTICE.after(day_of(file, row.told_at)) if row.told_at and row.told_how != Told.WISH else None
    return {"row": row, "tell": tell, "lift": lift, "from_day": first}


@fresh_factor
@require_http_methods(["GET", "POST"])
def ask(request: Visit, file_id: UUID) -> HttpResponse:
    """Why a restricted file is to be read; then it can be, for half an hour."""
    file = get_object_or_404(restrictions.restricted_for(request.user), pk=file_id)
    form = ReadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opening = actions.read(file_id=file.pk, **form.cleaned_data, by=request.actor, now=request.now)
            return redirect("records:restricted_read", file.pk, opening.pk)
        except Refused as refused:
            form.add_error(None, str(refused.refusal.message))
    context = {**closed_context(file), "form": form}
    return render(request, "records/restriction/ask.html", context, status=422 if form.errors else 200)


@require_safe
def read(request: Visit, file_id: UUID, opening_id: UUID) -> HttpResponse:
    """The whole file, to be read and nothing else, while the reading runs."""
    file, opening = _reading(request, file_id, opening_id)
    handle = actions.open_read(opening, Part.FILE, by=request.actor, now=request.now)
    consultations = [open_consultation(handle, row) for row in queries.consultations_of(file)]
    context = {
        "file": file, "opening": opening, "head": head_of(handle, file, today=day_of(file, request.now)),
        "texts": named_texts(texts_of(handle, file)), "consultations": consultations,
        "measures": open_measures(handle, queries.measures_of(file)),
        "documents": [open_document(handle, row) for row in queries.documents_of(file)],
    }  # fmt: skip
    return render(request, "records/restriction/read.html", context)


@require_safe
def document(request: Visit, file_id: UUID, opening_id: UUID, document_id: UUID) -> HttpResponse:
    """One document of the file that is being read, as a download."""
    file, opening = _reading(request, file_id, opening_id)
    row = get_object_or_404(queries.documents_of(file), pk=document_id)
    handle = actions.open_read(opening, Part.DOCUMENT, by=request.actor, now=request.now)
    return as_attachment(open_document(handle, row), document_bytes(handle, row))


def _file(request: Visit, file_id: UUID) -> PatientFile:
    free = queries.files_for(request.user, request.now).filter(pk=file_id).first()
    return free or get_object_or_404(restrictions.restricted_for(request.user), pk=file_id)


def _reading(request: Visit, file_id: UUID, opening_id: UUID) -> tuple[PatientFile, RestrictedOpening]:
    file = get_object_or_404(restrictions.restricted_for(request.user), pk=file_id)
    return file, get_object_or_404(restrictions.opening_of(request.user, file, opening_id, request.now))


_FORMS: dict[str, type[forms.Form]] = {"restrict": RestrictForm, "tell": TellForm, "lift": LiftForm}


def _done(request: Visit, file: PatientFile, form: forms.Form) -> bool:
    try:
        words = _ACTS[type(form)](request, file, form)
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return False
    messages.success(request, words)
    return True


def _restrict(request: Visit, file: PatientFile, form: forms.Form) -> str:
    actions.restrict(file_id=file.pk, **form.cleaned_data, by=request.actor, now=request.now)
    return _("The file is restricted: it is only stored from now on.")


def _tell(request: Visit, file: PatientFile, form: forms.Form) -> str:
    row = get_object_or_404(restrictions.live().filter(file=file), pk=form.cleaned_data["restriction"])
    told = actions.tell(restriction_id=row.pk, how=form.cleaned_data["how"], by=request.actor, now=request.now).told_at
    if told is None:
        return _("The e-mail is on its way. The week begins when the mail server took it.")
    return _("Noted with the day. The restriction goes on until you lift it.")


def _lift(request: Visit, file: PatientFile, form: forms.Form) -> str:
    row = get_object_or_404(restrictions.live().filter(file=file), pk=form.cleaned_data["restriction"])
    actions.lift(restriction_id=row.pk, why=form.cleaned_data["why"], by=request.actor, now=request.now)
    if restrictions.is_restricted(file.pk):
        return _("Lifted. Another restriction is on the file still.")
    return _("Lifted. The file is back in daily use, as far as its clock allows.")


_ACTS: dict[type[forms.Form], Callable[[Visit, PatientFile, forms.Form], str]] = {
    RestrictForm: _restrict,
    TellForm: _tell,
    LiftForm: _lift,
}
