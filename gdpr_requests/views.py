"""The privacy centre's own pages: overview, access journal, processing register."""

import csv
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.models import AccessEntry
from gdpr_requests import queries, wording
from gdpr_requests.forms import JournalFilter
from privacy.register import REGISTER_TITLES, entries, retention_table
from privacy.retention_rules import RULES

PAGE = 50
HEALTH = RULES["PC-41"]


def overview(request: HttpRequest) -> HttpResponse:
    """What is held, who saw it, how long, what can I do: in figures read now."""
    user = request.user
    context = {
        "holdings": queries.holdings(user),
        "openings": queries.openings(user, request.now),
        "terms": queries.terms(user),
        "choices": queries.choices(user, request.now),
        "leaving": queries.next_to_leave(user),
        "today": timezone.localdate(request.now),
        "profile": user.practitioner,
        "years": HEALTH.length.years if HEALTH.length else "",
    }
    return render(request, "gdpr/overview.html", context)


def journal(request: HttpRequest) -> HttpResponse:
    """Who saw which part of which file, when and why (PC-70)."""
    form = JournalFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = Paginator(queries.journal_of(request.user, wanted), PAGE).get_page(request.GET.get("page"))
    files = queries.own_files(request.user, page)
    rows = [_row(entry, request.user.pk, files) for entry in page]
    return render(request, "gdpr/journal.html", {"form": form, "page": page, "rows": rows})


def journal_csv(request: HttpRequest) -> HttpResponse:
    """The filtered journal as CSV; every cell is a word of ours, a date or an id."""
    form = JournalFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="access-journal.csv"'
    writer = csv.writer(response)
    writer.writerow(["at", "who", "role", "action", "part", "purpose", "file", "channel", "address"])
    for entry in queries.journal_of(request.user, wanted).iterator(chunk_size=500):
        who = "you" if entry.actor_id == request.user.pk else ""
        writer.writerow([
            entry.at.isoformat(), who, entry.actor_role, entry.action, entry.part, entry.purpose,
            entry.subject_id, entry.channel, entry.ip or "",
        ])  # fmt: skip
    return response


def register(request: HttpRequest) -> HttpResponse:
    """The processing registers and the retention schedule, computed from the declarations (MD-05)."""
    registers = [(title, entries(kind)) for kind, title in REGISTER_TITLES.items()]
    context = {
        "registers": registers,
        "schedule": retention_table(),
        "practice": queries.practice_name(request.user),
    }
    return render(request, "gdpr/register.html", context)


def _row(entry: AccessEntry, me: UUID, files: set[UUID]) -> dict[str, object]:
    """One journal line in words; a patient is named only by opening the file."""
    mine = entry.actor_id == me
    subject = entry.subject_id
    return {
        "when": entry.at,
        "who": _("You") if mine else wording.words(wording.ROLES, entry.actor_role).capitalize(),
        "role": wording.words(wording.ROLES, entry.actor_role) if mine else "",
        "what": wording.what(entry),
        "why": wording.words(wording.PURPOSES, entry.purpose),
        "ref": _("file …%(end)s") % {"end": str(subject)[-6:]} if subject in files else "",
        "ref_url": reverse("records:file", args=[subject]) if subject in files else "",
        "glass": entry.action == "break_glass",
    }
