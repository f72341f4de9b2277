"""The operations page: do the sweeps run, what is overdue, what waits for a word, is the evidence whole."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from audit.verification import verify
from lifecycle import runs, watch
from lifecycle.models import ResidueScan
from lifecycle.watch import Trouble
from privacy.refusals import Refused
from privacy.retention import RULES

WORK: dict[str, str | Promise] = {
    "NEW-04": _("Forecast of what will leave"),
    "NEW-05": _("New ends under a changed schedule"),
    "PC-34": _("Deletions whose time has come"),
    "PC-40": _("Who held a closed account"),
    "PC-40.facts": _("Facts of a closed account's contract"),
    "PC-40.notices": _("What was told of a contract"),
    "PC-43.usage": _("Counted uses past their year"),
    "PC-46.office": _("What the office changed in its windows"),
    "PC-46.outgoing": _("Messages that were sent or dropped"),
    "PC-46.incoming": _("Events that services sent"),
    "PC-46.raw": _("Texts of those events"),
    "PC-51.stops": _("Stops whose withdrawal has left the ledger"),
    "PC-52": _("Deletion requests"),
    "PC-52.close": _("Answered requests to be closed"),
    "PC-52.requests": _("Requests past their term"),
    "PC-52.scans": _("Results of searches after erasures"),
    "PC-50.resume": _("Erasures that were cut off"),
    "PC-52.breaches": _("Breaches past their term"),
    "PC-63": _("Restrictions put to their files"),
    "PC-64": _("Exports past their seven days"),
    "PC-41": _("Patients' files past their end"),
    "PC-41.archive": _("Patients' files to the archive"),
    "PC-41.events": _("Event journal"),
    "PC-41.versions": _("Versions of destroyed files"),
}
TROUBLE: dict[Trouble, str | Promise] = {
    Trouble.NEVER: _("never ran"),
    Trouble.LATE: _("late"),
    Trouble.FAILED: _("failed"),
    Trouble.STOPPED: _("stopped, asks you"),
    Trouble.BROKEN: _("can't be counted"),
    Trouble.OVERDUE: _("overdue"),
}
SCANS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the watch in words."""

    line: watch.Line
    what: str
    lag: str
    troubles: list[str]


def operations(request: HouseRequest) -> HttpResponse:
    """All of it on one page, counted while the page is made."""
    rows = [_row(line) for line in watch.lines(by=request.actor, now=request.now)]
    lag = runs.lag(request.now)
    scans = list(ResidueScan.objects.order_by("-at")[:SCANS])
    context = {
        "title": _("Operations"),
        "now": request.now,
        "trouble": [row for row in rows if row.troubles],
        "in_order": [row for row in rows if not row.troubles],
        "late": runs.is_late(request.now),
        "lag": _in_words(lag),
        "stopped": [(run, what_of(run.rule)) for run in runs.waiting()],
        "report": verify(),
        "scans": scans,
        "dirty": sum(not scan.is_clean for scan in scans),
    }
    return _page(request, "office/operations.html", context)


@require_POST
@fresh_factor
def approve(request: HouseRequest, run_id: UUID) -> HttpResponse:
    """Let a stopped rule destroy what was due when it stopped; the next sweep does it."""
    try:
        runs.approve(run_id=run_id, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, gettext("Approved. The next sweep, within the hour, does it."))
    return redirect("admin:operations")


def what_of(rule: str) -> str:
    """What a rule's work is about, in words."""
    if rule in WORK:
        return str(WORK[rule])
    if rule.startswith("notice.deletion"):
        return gettext("Messages about a deletion")
    if rule.startswith("notice.policy"):
        return gettext("Notices of a new version of the policy")
    if rule.startswith("notice.request"):
        return gettext("Reminders of requests")
    if rule.startswith("notice."):
        return gettext("Messages about the contract")
    return gettext(RULES[rule].category) if rule in RULES else ""


def _row(line: watch.Line) -> Row:
    return Row(line, what_of(line.rule), _in_words(line.lag), [str(TROUBLE[one]) for one in line.troubles])


def _in_words(lag: timedelta | None) -> str:
    """How long ago, in the largest unit that fits; empty for never."""
    if lag is None:
        return ""
    minutes = int(lag.total_seconds() // 60)
    if minutes < 90:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    return ngettext("%(n)d day ago", "%(n)d days ago", hours // 24) % {"n": hours // 24}


def _page(request: HouseRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})


PAGES: Final = (
    ("operations/", operations, "operations"),
    ("operations/approve/<uuid:run_id>/", approve, "operations_approve"),
)
"""Address, view and name of each page, for the office's map."""
