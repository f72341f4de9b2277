"""The patient's privacy pages: overview, access journal, requests."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import signed_in
from audit.models import AccessEntry
from audit.requests import HouseRequest
from gdpr_requests import journals, sent, wording
from gdpr_requests.desk import handing, showing
from gdpr_requests.desk.pace import for_readers
from gdpr_requests.desk.queries import own_requests
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.states import DONE
from gdpr_requests.desk.views import in_words
from gdpr_requests.desk.wording import remedies, right_in_words
from gdpr_requests.models import Request
from gdpr_requests.portal import actions, queries
from gdpr_requests.portal.forms import PatientAskForm, PatientJournalFilter, QuestionForm, name_of
from gdpr_requests.portal.queries import ACCOUNT, Watched
from privacy.clocks import legal_day
from privacy.declare import REGISTRY
from privacy.schedule import in_force
from records.reading import purpose_in_words

PAGE = 50
PROFILE = "accounts.PatientProfile"


@require_safe
def overview(request: HouseRequest) -> HttpResponse:
    """What is held, who saw it, how long, what can I do: in figures read now."""
    user, rules = signed_in(request), in_force().rules
    files = queries.watched(user.pk, request.now)
    held = queries.holdings(files)
    context = {
        "files": [
            (one, name_of(one), *held[one.file.pk], [rules[rule] for rule in one.file.retention_rule.split(",")])
            for one in files
        ],
        "consultations": sum(consultations for consultations, _documents in held.values()),
        "documents": sum(documents for _consultations, documents in held.values()),
        "openings": queries.openings(user.pk, files, request.now),
        "open_requests": own_requests(user.pk).exclude(state__in=DONE).count(),
        "profile": user.patient,
        "profile_rule": rules[REGISTRY[PROFILE].fields["surname"].retention or ""],
        "first_end": min((one.file.retain_until for one in files), default=None),
        "today": timezone.localdate(request.now),
    }
    return render(request, "patient_privacy/overview.html", context)


@require_safe
def journal(request: HouseRequest) -> HttpResponse:
    """Who saw which part of my files and of my account, when and why (PC-70)."""
    user = signed_in(request)
    files = queries.watched(user.pk, request.now)
    form = PatientJournalFilter(files, request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    mine = queries.journal_of(user.pk, files, wanted, now=request.now)
    page = journals.page([mine], before=request.GET.get("before", ""), size=PAGE)
    asked = queries.questioned(user.pk, page.entries)
    names = {one.file.pk: name_of(one) for one in files}
    rows = [_row(entry, user.pk, names, asked.get(entry.pk)) for entry in page.entries]
    left = sent.about_patient(user.pk, list(names), day=legal_day(request.now))
    context = {"form": form, "page": page, "rows": rows, "sent": left}
    return render(request, "patient_privacy/journal.html", context)


@require_http_methods(["GET", "POST"])
def question(request: HouseRequest, entry_id: int) -> HttpResponse:
    """ "I don't recognise this access": says which line it is, and asks whoever answers for it."""
    user = signed_in(request)
    files = queries.watched(user.pk, request.now)
    entry = get_object_or_404(queries.journal_of(user.pk, files, now=request.now), pk=entry_id)
    of = next((one for one in files if one.file.pk == entry.subject_id), None)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        filed = _filed(request, form, lambda: _question(request, entry, of, form.cleaned_data["text"]))
        if filed is not None:
            return redirect("patient_privacy:request", filed.pk)
    context = {"form": form, "line": actions.line_in_words(entry), "to": name_of(of) if of else ""}
    return render(request, "patient_privacy/question.html", context, status=422 if form.errors else 200)


@require_safe
def requests(request: HouseRequest) -> HttpResponse:
    """What one asked, the newest first, with the day by which each is answered."""
    page = Paginator(own_requests(signed_in(request).pk), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": in_words(page), "today": legal_day(request.now), "remedies": remedies(),
        "paces": [(right_in_words(one.right), one) for one in for_readers({row.right for row in page}, request.now)],
    }  # fmt: skip
    return render(request, "patient_privacy/requests.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HouseRequest) -> HttpResponse:
    """Ask for something: about one practice's file, or about the account."""
    files = queries.watched(signed_in(request).pk, request.now)
    form = PatientAskForm(files, request.POST or None, initial=_wished(request))
    if request.method == "POST" and form.is_valid():
        filed = _filed(request, form, lambda: _ask(request, files, dict(form.cleaned_data)))
        if filed is not None:
            return redirect("patient_privacy:request", filed.pk)
    return render(request, "patient_privacy/request_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def one(request: HouseRequest, request_id: UUID) -> HttpResponse:
    """One's own request with its thread and due day; add to it, or withdraw it."""
    asked = get_object_or_404(own_requests(signed_in(request).pk), pk=request_id)
    wrong, step = None, request.POST.get("step", "")
    if request.method == "POST" and step in showing.FORMS:
        form = showing.submitted(asked, step, request.POST, by=request.actor, now=request.now)
        if form is None:
            messages.success(request, _("Done, and written into the thread."))
            return redirect("patient_privacy:request", request_id)
        wrong = (step, form)
    context = showing.page_of(asked, by=request.actor, now=request.now, wrong=wrong)
    context["archive"] = handing.shown(asked, False, request.now)
    return render(request, "patient_privacy/request.html", context, status=422 if wrong else 200)


def _wished(request: HouseRequest) -> dict[str, str]:
    """What a link into the form chose already."""
    return {name: request.GET[name] for name in ("about", "right") if name in request.GET}


def _ask(request: HouseRequest, files: list[Watched], typed: dict[str, Any]) -> Request:
    about = typed.pop("about")
    of = None if about == ACCOUNT else next(one for one in files if str(one.link.pk) == about)
    return actions.ask(of=of, by=request.actor, now=request.now, **typed)


def _question(request: HouseRequest, entry: AccessEntry, of: Watched | None, text: str) -> Request:
    return actions.question(entry=entry, of=of, text=text, by=request.actor, now=request.now)


def _filed(request: HouseRequest, form: Any, file: Any) -> Request | None:
    """What ``file`` files, and its number said; a refusal goes to the form."""
    try:
        filed: Request = file()
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None
    messages.success(request, _("Your request has the number %(number)s.") % {"number": filed.number})
    return filed


def _row(entry: AccessEntry, me: UUID, names: dict[UUID, str], asked: Request | None) -> dict[str, Any]:
    """One line in words, by role; with the way to question it, or to what came of that."""
    role = wording.role_in_words(entry.actor_role)
    return {
        "when": entry.at,
        "who": _("You") if entry.actor_id == me else role.capitalize(),
        "role": role if entry.actor_id == me else "",
        "what": wording.what(entry),
        "why": f"{purpose_in_words(entry.purpose)} · {names.get(entry.subject_id, _('My account at PratiConnect'))}",
        "glass": entry.action == "break_glass",
        "refs": [(_("questioned, %(number)s") % {"number": asked.number}, _page_of(asked))] if asked else [],
        "dispute_url": "" if asked else reverse("patient_privacy:question", args=[entry.pk]),
    }


def _page_of(asked: Request) -> str:
    return reverse("patient_privacy:request", args=[asked.pk])
