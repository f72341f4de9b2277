"""The privacy centre's own pages: overview, access journal, processing register."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from audit.models import AccessEntry
from gdpr_requests import journals, queries, sent, wording
from gdpr_requests.export import sheets
from gdpr_requests.forms import JournalFilter
from lifecycle.queries import contract_at
from lifecycle.wording import line
from privacy.clocks import legal_day
from privacy.register import REGISTER_TITLES, entries, retention_table
from privacy.schedule import in_force
from records.reading import purpose_in_words

PAGE = 50
LISTS = {"list", "search"}
HEALTH = "PC-41"


def overview(request: SignedInRequest) -> HttpResponse:
    """What is held, who saw it, how long, what can I do: in figures read now."""
    user = request.user
    context = {
        "holdings": queries.holdings(user),
        "openings": queries.openings(request.actor, request.now),
        "choices": queries.choices(user, request.now),
        "leaving": queries.clocks_of(queries.next_to_leave(user)),
        "files_held": queries.files_held(user),
        "today": timezone.localdate(request.now),
        "profile": user.practitioner,
        "contract": line(contract_at(user.pk, request.now)),
        "years": health.years if (health := in_force().rules[HEALTH].length) else "",
    }
    return render(request, "gdpr/overview.html", context)


def journal(request: SignedInRequest) -> HttpResponse:
    """Who saw which part of which file, when and why (PC-70)."""
    form = JournalFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    ways = queries.journal_of(request.actor, wanted)
    page = journals.page(ways, before=request.GET.get("before", ""), size=PAGE)
    files = queries.own_files(request.user, page.entries, request.now)
    rows = [_row(group, request.user.pk, files) for group in _together(page.entries)]
    left = sent.about(request.user.pk, day=legal_day(request.now))
    return render(request, "gdpr/journal.html", {"form": form, "page": page, "rows": rows, "sent": left})


def journal_csv(request: SignedInRequest) -> StreamingHttpResponse:
    """The filtered journal as CSV, however long; every cell is a word of ours, a date or an id."""
    form = JournalFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    lines = _csv(queries.journal_of(request.actor, wanted), request.user.pk)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="access-journal.csv"'
    return response


def _csv(ways: list[QuerySet[AccessEntry]], me: UUID) -> Iterator[bytes]:
    yield sheets.line(["at", "who", "role", "action", "part", "purpose", "file", "channel", "address"])
    for found in journals.chunks(ways):
        yield b"".join(
            sheets.line([
                entry.at.isoformat(), "you" if entry.actor_id == me else "", entry.actor_role, entry.action, entry.part,
                entry.purpose, str(entry.subject_id), entry.channel, entry.ip or "",
            ])
            for entry in found
        )  # fmt: skip


def register(request: SignedInRequest) -> HttpResponse:
    """The processing registers and the retention schedule, computed from the declarations (MD-05)."""
    rules, day = in_force().rules, legal_day(request.now)
    registers = [(title, entries(kind, rules, on=day)) for kind, title in REGISTER_TITLES.items()]
    context = {
        "registers": registers,
        "schedule": retention_table(rules=rules),
        "practice": queries.practice_name(request.user),
    }
    return render(request, "gdpr/register.html", context)


def _together(page: Iterable[AccessEntry]) -> list[list[AccessEntry]]:
    """The lines that one list or search wrote, as one row; every other line by itself."""
    grouped = groupby(page, key=lambda e: (e.request_id, e.action, e.part) if e.action in LISTS else e.pk)
    return [list(lines) for _key, lines in grouped]


def _row(lines: list[AccessEntry], me: UUID, files: set[UUID]) -> dict[str, object]:
    """One row of the journal in words; a patient is named only by opening the file."""
    entry = lines[0]
    mine = entry.actor_id == me
    return {
        "when": entry.at,
        "who": _("You") if mine else wording.role_in_words(entry.actor_role).capitalize(),
        "role": wording.role_in_words(entry.actor_role) if mine else "",
        "what": wording.what(entry, len(lines)),
        "why": purpose_in_words(entry.purpose),
        "refs": [_reference(line.subject_id) for line in lines if line.subject_id in files],
        "glass": "emergency" in (entry.actor_role, entry.action),
    }


def _reference(file_id: UUID) -> tuple[str, str]:
    """A file by the end of its number, with its address."""
    words = _("file …%(end)s") % {"end": str(file_id)[-6:]}
    return words, reverse("records:file", args=[file_id])
