"""Bring your patients: choose files, see what would happen, then do it (PC-123)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.stepup import fresh_factor
from care.queries import practice_of
from privacy.purposes import Purpose
from records.fhir_export import bundle_parts
from records.models import ImportRun, PatientFile
from records.reading import Part
from records.uploads import Imported, refuse
from records.views.frame import Visit, of_file, open_part
from vault import access
from vault.handles import Handle

from . import queries, runs
from .forms import ImportForm
from .pages import figures_of, shown_line, steps_of_page
from .report import MAPPED
from .starting import begin, go_on


@csrf_exempt  # how files are taken must be said before the form is read; the inner view is protected
def import_page(request: Visit) -> HttpResponse:
    """The upload form and the imports so far; files are tried at once or by the worker, nothing is kept yet."""
    request.upload_handlers = [Imported(request)]
    return _import_page(request)


@csrf_protect
@require_http_methods(["GET", "POST"])
def _import_page(request: Visit) -> HttpResponse:
    posted = request.method == "POST"
    form = ImportForm(request.POST, request.FILES) if posted else ImportForm()
    if posted:
        refuse(form, request)
    if posted and form.is_valid():
        practice = practice_of(request.user)
        if practice is None:
            raise Http404
        run = begin(
            practice, form.cleaned_data["uploads"], twins=form.cleaned_data["twins"], by=request.actor, now=request.now
        )
        return redirect("records:import_run", run.pk)
    page = Paginator(queries.runs_for(request.user), 20).get_page(request.GET.get("page"))
    return render(request, "records/import.html", {"form": form, "page": page}, status=422 if form.errors else 200)


@require_safe
def import_run(request: Visit, run_id: UUID) -> HttpResponse:
    """How far an import is, then its report line by line."""
    run = _run(request, run_id)
    handle = _open(request, run)
    page = Paginator(queries.lines_of(run), 100).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "run": run, "names": handle.read(run, "file_names") or [], "page": page,
        "lines": [shown_line(handle, row) for row in page], "figures": figures_of(run), "steps": steps_of_page(run),
        "refused": queries.refused_of(run), "brought": any(run.figures.get(name) for name in (*MAPPED, "kept")),
        "is_over": run.state in (runs.State.DONE, runs.State.FAILED),
        "kept_until": runs.kept_until(run), "expired": runs.kept_until(run) <= request.now,
    }  # fmt: skip
    return render(request, "records/import_run.html", context)


@require_POST
def import_confirm(request: Visit, run_id: UUID) -> HttpResponse:
    """After the dry run: the same files for real."""
    run = _run(request, run_id)
    if runs.confirm(run=run, by=request.actor, now=request.now):
        go_on(run, by=request.actor, now=request.now)
    return redirect("records:import_run", run.pk)


@require_POST
def import_discard(request: Visit, run_id: UUID) -> HttpResponse:
    """Forget a dry run and its files."""
    runs.discard(run=_run(request, run_id), by=request.actor, now=request.now)
    messages.success(request, _("The files are gone, and nothing was imported."))
    return redirect("records:import")


@require_safe
@of_file
@fresh_factor
def imported_bundle(request: Visit, file: PatientFile) -> HttpResponse:
    """Everything that imports brought into a file, each resource in its original characters."""
    handle = open_part(request, file, Part.KEPT, action="export")
    response = HttpResponse("".join(bundle_parts(file, handle)), content_type="application/fhir+json")
    response["Content-Disposition"] = f'attachment; filename="imported-{file.pk}.json"'
    return response


def _run(request: Visit, run_id: UUID) -> ImportRun:
    return get_object_or_404(queries.runs_for(request.user), pk=run_id)


def _open(request: Visit, run: ImportRun) -> Handle:
    return access.open(
        run.pk, by=request.actor, purpose=Purpose.CARE, part="import", practice_id=run.practice_id, now=request.now
    )
