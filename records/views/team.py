"""What the team sees of the patients: who comes here; and the practitioner's page that records a patient's consent to more (MD-42)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from care.team import actions as team_actions
from care.team import queries as team_queries
from care.team.forms import ConsentForm
from records.forms import SearchForm
from records.models import PatientFile
from records.reading import Part, heads_of
from records.team import agenda_files, search_agenda
from records.views.frame import Visit, of_file, open_part, show, today_of

PER_PAGE = 50


def team_patients(request: Visit) -> HttpResponse:
    """The practice's patients by name, for the team: no allergy, no visit's reason, nothing of the file."""
    search = SearchForm(request.POST or None)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    files = search_agenda(request.user, text, request.now) if text else agenda_files(request.user, request.now)
    sent = request.POST if request.method == "POST" else request.GET
    page = Paginator(files, PER_PAGE).get_page(sent.get("page"))
    heads = heads_of(list(page.object_list), by=request.actor, today=today_of(request), now=request.now)
    context = {"search": search, "text": text, "page": page, "heads": heads}
    return render(request, "records/team_patients.html", context)


@require_http_methods(["GET", "POST"])
@of_file
def team_access(request: Visit, file: PatientFile) -> HttpResponse:
    """Whether the patient lets the team in: recorded as they say it, taken back at once."""
    form = ConsentForm(request.POST if "allow" in request.POST else None)
    place = {"practice_id": file.practice_id, "file_id": file.pk}
    if "withdraw" in request.POST:
        if team_actions.keep_team_out(**place, by=request.actor, now=request.now):
            messages.success(request, _("The team's access is closed from now on."))
        return redirect("records:team_access", file.pk)
    if form.is_valid():
        team_actions.let_team_in(**place, how=form.cleaned_data["how"], by=request.actor, now=request.now)
        messages.success(request, _("Recorded. The team reads this file from now on, until the patient takes it back."))
        return redirect("records:team_access", file.pk)
    handle = open_part(request, file, Part.CLOCK)
    return show(
        request, "team_access", file, handle, tab=Part.CLOCK, form=form, status=422 if form.errors else 200,
        standing=team_queries.agrees(**place), before=team_queries.consents_of(**place)[:20],
    )  # fmt: skip
