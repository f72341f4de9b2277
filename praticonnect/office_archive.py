"""The office's archive right: a file of the restricted archive comes back for thirty days, with a reason (PC-41)."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from care.tenancy import ALL, scope
from praticonnect.office_clocks import NO_FILE
from privacy.days import written
from privacy.refusals import Refused
from records import queries
from records.actions import open_archived
from records.actions.archive import read_reason
from records.forms import OpenArchiveForm
from records.models import PatientFile

SHOWN = 50


class OfficeOpenForm(OpenArchiveForm):
    """Which file, and why."""

    file_id = forms.UUIDField(
        label=_("Patient file"),
        help_text=_("Its id, as the register, a request or the journal names it."),
        error_messages={"invalid": _("This is no file's id. Copy it whole: 36 characters with dashes.")},
    )

    field_order = ("file_id", "why")


@fresh_factor
def archive(request: HouseRequest) -> HttpResponse:
    """Open a file for those who treat the patient; below, who opened which and until when."""
    form = OfficeOpenForm(request.POST or None)
    with scope(ALL):
        if request.method == "POST" and form.is_valid() and _opened(request, form):
            return redirect("admin:archive")
        openings = list(queries.archive_openings()[:SHOWN])
        counts = queries.archive_figures(request.now)
    context = {"title": _("Archive"), "form": form, "openings": openings, "counts": counts, "now": request.now}
    return _page(request, "office/archive.html", context, status=422 if form.errors else 200)


@fresh_factor
def opening(request: HouseRequest, opening_id: UUID) -> HttpResponse:
    """Why one was opened; the reading is journaled."""
    with scope(ALL):
        one = get_object_or_404(queries.archive_openings(), pk=opening_id)
        why = read_reason(one, by=request.actor, now=request.now)
    return _page(request, "office/archive_opening.html", {"title": _("Opening of the archive"), "one": one, "why": why})


def _opened(request: HouseRequest, form: OfficeOpenForm) -> bool:
    try:
        file = open_archived(**form.cleaned_data, by=request.actor, now=request.now)
    except PatientFile.DoesNotExist:
        form.add_error("file_id", str(NO_FILE))
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
    else:
        said = gettext("Whoever treats the patient finds the file among the patients until %(day)s.")
        messages.success(request, said % {"day": written(file.active_until)})
        return True
    return False


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
