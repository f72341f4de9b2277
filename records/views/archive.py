"""The restricted archive: its files without names, and opening one with a reason (PC-41)."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.stepup import fresh_factor
from privacy.days import written
from privacy.refusals import Refused
from privacy.retention import RULES
from records import actions, queries
from records.actions.archive import may_open
from records.clock import bars_of, day_of
from records.forms import OpenArchiveForm, SearchForm
from records.holds import holds_of
from records.models import PatientFile
from records.views.frame import Visit, today_of

PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: Visit) -> HttpResponse:
    """The archived files: days only. A name (posted, PC-80) finds its file; none is shown before it is opened."""
    sent = request.POST if request.method == "POST" else request.GET
    search = SearchForm(request.POST or None)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    files = queries.archived_for(request.user, request.now, text)
    page = Paginator(files, PER_PAGE).get_page(sent.get("page"))
    context = {
        "search": search,
        "text": text,
        "page": page,
        "rows": [(file, _categories(file)) for file in page],
        "today": today_of(request),
    }
    return render(request, "records/archive.html", context)


@fresh_factor
@require_http_methods(["GET", "POST"])
def archived(request: Visit, file_id: UUID) -> HttpResponse:
    """One archived file: its clock, and the form that opens it for thirty days."""
    file = get_object_or_404(queries.archived_for(request.user, request.now), pk=file_id)
    form = OpenArchiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (opened := _open(request, file, form)):
        message = _("The file is open again until %(day)s.") % {"day": written(opened.active_until)}
        messages.success(request, message)
        return redirect("records:file", file.pk)
    rules = [RULES[rule] for rule in file.retention_rule.split(",")]
    context = {
        "file": file, "form": form, "today": (today := day_of(file, request.now)), "ended": file.retain_until < today,
        "start": file.last_consultation_on or day_of(file, file.created_at), "held": bars_of(holds_of([file.pk])[file.pk]),
        "rules": rules, "may_open": may_open(request.actor, file.practice_id),
        "openings": list(queries.archive_openings_of(file)),
    }  # fmt: skip
    return render(request, "records/archived.html", context, status=422 if form.errors else 200)


def _categories(file: PatientFile) -> str:
    return ", ".join(_(RULES[rule].category) for rule in file.retention_rule.split(","))


def _open(request: Visit, file: PatientFile, form: OpenArchiveForm) -> PatientFile | None:
    try:
        return actions.open_archived(file_id=file.pk, why=form.cleaned_data["why"], by=request.actor, now=request.now)
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None
