"""Today, the list of patients, a new patient."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from care.models import Practice
from care.queries import practice_of
from care.roles import TEAM
from privacy.refusals import Refused
from records import actions, queries
from records.forms import NewFileForm, SearchForm
from records.models import PatientFile
from records.reading import Head, heads_of
from records.search import LETTERS, twin_tokens
from records.views.frame import Visit, today_of
from records.views.team import team_patients

PER_PAGE = 50
RECENT = 8
TWINS = 5


@require_safe
def today(request: Visit) -> HttpResponse:
    """What waits today: drafts to sign, the files touched last, three figures. The team begins with its patients."""
    if request.actor.role in TEAM:
        return redirect("records:patients")
    day = today_of(request)
    drafts = list(queries.drafts_of(request.user, request.now)[:RECENT])
    recent = list(queries.recent_files(request.user, request.now)[:RECENT])
    named = {file.pk: file for file in [*recent, *(draft.file for draft in drafts)]}
    heads = heads_of(list(named.values()), by=request.actor, today=day, now=request.now)
    head = {found.file.pk: found for found in heads}
    context = {
        "drafts": [(draft, head[draft.file_id]) for draft in drafts],
        "recent": [head[file.pk] for file in recent],
        "figures": queries.figures_of(request.user, today=day, now=request.now),
        "search": SearchForm(),
    }
    return render(request, "records/today.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def patients(request: Visit) -> HttpResponse:
    """The patients this practitioner treats: searched, by letter, 50 a page.

    What is looked for is posted: a patient's name in an address would stay in the browser's history (PC-80).
    """
    if request.actor.role in TEAM:
        return team_patients(request)
    sent = request.POST if request.method == "POST" else request.GET
    search = SearchForm(request.POST or None)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    letter = request.GET.get("letter", "").upper()[:1]
    files = queries.listed(_found(request, text, letter), closed="closed" in sent)
    page = Paginator(files, PER_PAGE).get_page(sent.get("page"))
    heads = heads_of(list(page.object_list), by=request.actor, today=today_of(request), now=request.now)
    context = {
        "search": search,
        "text": text,
        "letter": letter,
        "letters": LETTERS,
        "page": page,
        "heads": _by_name(heads) if letter or text else heads,
        "cards": sent.get("view") == "cards",
        "closed": "closed" in sent,
    }
    return render(request, "records/patients.html", context)


@require_http_methods(["GET", "POST"])
def new(request: Visit) -> HttpResponse:
    """A new patient; somebody who seems to have a file already is shown first."""
    practice = practice_of(request.user)
    if practice is None:
        raise Http404
    form = NewFileForm(request.POST or None, today=today_of(request))
    twins: list[Head] = []
    archived: list[PatientFile] = []
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["another"]:
            twins, archived = _twins(request, practice, form)
        if not (twins or archived) and (file := _create(request, practice, form)):
            messages.success(request, _("The file is made. Its key is its own."))
            return redirect("records:file", file.pk)
    if twins or archived:
        form = NewFileForm({**request.POST.dict(), "twins": "1"}, today=today_of(request))
    status = 422 if twins or archived or form.errors else 200
    context = {"form": form, "twins": twins, "archived": archived}
    return render(request, "records/new.html", context, status=status)


def _found(request: Visit, text: str, letter: str) -> QuerySet[PatientFile]:
    if text:
        return queries.search_files(request.user, text, request.now)
    if letter:
        return queries.files_under(request.user, letter, request.now)
    return queries.files_for(request.user, request.now)


def _by_name(heads: list[Head]) -> list[Head]:
    return sorted(heads, key=lambda head: head.name.casefold())


def _twins(request: Visit, practice: Practice, form: NewFileForm) -> tuple[list[Head], list[PatientFile]]:
    """Who of this name and birth date has a file: in daily use, opened to be named; in the archive, left closed."""
    files = queries.files_like(request.user, practice.pk, twin_tokens(practice.pk, form.texts()))
    daily = list(files.filter(queries.in_daily_use(request.now))[:TWINS])
    archived = list(files.exclude(queries.in_daily_use(request.now))[:TWINS])
    return heads_of(daily, by=request.actor, today=today_of(request), now=request.now), archived


def _create(request: Visit, practice: Practice, form: NewFileForm) -> PatientFile | None:
    try:
        return actions.create_file(practice=practice, by=request.actor, now=request.now, identity=form.texts())
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None
