"""What the pages of one file share: who asks, which file, its head and its tabs."""

from collections.abc import Callable
from datetime import date, datetime
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from care.queries import practice_of
from care.roles import Right, lacks
from privacy.clocks import Jurisdiction, legal_day
from records import queries
from records.access import ACCESS
from records.clock import day_of
from records.fields import LABELS
from records.models import PatientFile
from records.reading import Part, head_of, open_file
from records.restriction.keys import settle
from records.restriction.queries import live, restricted_for
from records.team import Depth, Opening, identity_lines, opening_for
from vault import rings
from vault.errors import KeyRefused
from vault.handles import Handle

Rest = ParamSpec("Rest")
TABS = (
    (Part.FILE, "records:file", "user"),
    (Part.CONSULTATIONS, "records:consultations", "stethoscope"),
    (Part.MEASURES, "records:measures", "activity"),
    (Part.DOCUMENTS, "records:documents", "file-text"),
    (Part.KEPT, "records:kept", "package"),
    (Part.CLOCK, "records:clock", "clock"),
    (Part.PORTAL, "records:portal", "user"),
)


class Visit(SignedInRequest):
    """A request of a practitioner at a file."""

    emergency_until: datetime | None


FileView = Callable[Concatenate[Visit, PatientFile, Rest], HttpResponseBase]


def of_file(view: FileView[Rest]) -> Callable[..., HttpResponseBase]:
    """Give the view the file of its address, or 404 to whoever doesn't treat the patient.

    The team gets it as far as its role and the patient's consent open it, else a page that says why (MD-42).
    """

    def wrapped(request: Visit, file_id: UUID, *arguments: Rest.args, **named: Rest.kwargs) -> HttpResponseBase:
        file = queries.files_for(request.user, request.now).filter(pk=file_id).first()
        if file is None:
            if request.actor.role == "practitioner" and (
                shut := restricted_for(request.user).filter(pk=file_id).first()
            ):
                return _kept_shut(request, shut)
            opening, page = _opened_otherwise(request, file_id)
            if not opening.allows(page, request.method) or opening.depth is Depth.IDENTITY:
                return limited_page(request, opening, page)
            file, request.actor, request.emergency_until = opening.file, opening.actor, opening.until
        try:
            return view(request, file, *arguments, **named)
        except KeyRefused:
            # In daily use, or free again, but its key wasn't brought back in time.
            if rings.activate([file.pk], request.now) + settle([file.pk], request.now):
                return view(request, file, *arguments, **named)
            context = {"file": file, "typed": typed_in(request)}
            return render(request, "records/refused.html", context, status=403)

    update_wrapper(wrapped, view)
    return wrapped


def closed_context(file: PatientFile) -> dict[str, object]:
    """What a page says of a restricted file: since when and on which grounds, nothing of what it holds."""
    return {"file": file, "live": list(live().filter(file=file))}


def _kept_shut(request: Visit, file: PatientFile) -> HttpResponse:
    """The page of a restricted file; whoever was writing in it gets back what they typed, and autosave says why."""
    if request.headers.get("X-Requested-With") == "autosave":
        said = _("The file is restricted, so nothing is written in it. Copy your text, and keep it elsewhere.")
        return JsonResponse({"message": said}, status=403)
    context = {**closed_context(file), "typed": typed_in(request)}
    return render(request, "records/restriction/closed.html", context, status=403)


def typed_in(request: Visit) -> list[tuple[object, str]]:
    """The texts of a form that was refused as a whole, by the names of their fields."""
    names = LABELS | {"title": _("Title"), "label": _("What was measured"), "value": _("Value"), "why": _("Why")}
    return [(names[name], text) for name in names if (text := request.POST.get(name, "").strip())]


def _opened_otherwise(request: Visit, file_id: UUID) -> tuple[Opening, str]:
    """How the file is open to somebody who doesn't treat the patient, and the page asked for. Raises Http404 to a stranger."""
    opening = opening_for(request.user, request.actor, file_id, request.now)
    if opening is None or request.resolver_match is None:
        raise Http404
    return opening, request.resolver_match.view_name


def limited_page(request: Visit, opening: Opening, page: str) -> HttpResponse:
    """Who the patient is, and why nothing else is open; any other page of the file says only why."""
    by_consent = opening.depth is Depth.IDENTITY
    known = (
        identity_lines(opening.file, by=request.actor, now=request.now) if by_consent and page == "records:file" else []
    )
    context = {
        "file": opening.file, "role": opening.role, "known": known, "by_consent": by_consent,
        "emergency": by_consent and opening.role.may(Right.EMERGENCY),
    }  # fmt: skip
    return render(request, "records/limited.html", context, status=200 if known else 403)


def onward(request: Visit, file: PatientFile, page: str, *arguments: object) -> HttpResponse:
    """To a page of the file after a correction of its clock; to its page in the archive when that is where it now is."""
    file.refresh_from_db(fields=["active_until"])
    if file.active_until < day_of(file, request.now):
        return redirect("records:archived", file.pk)
    return redirect(page, file.pk, *arguments)


def today_of(request: Visit) -> date:
    """The legal day where the visitor practises. Raises Http404 without a practice."""
    practice = practice_of(request.user)
    if practice is None:
        raise Http404
    return legal_day(request.now, Jurisdiction(practice.jurisdiction))


def open_part(request: Visit, file: PatientFile, part: Part, *, action: str = "open") -> Handle:
    """Open the file for this page: its one row in the access journal."""
    return open_file(file, part, by=request.actor, now=request.now, action=action)


def show(
    request: Visit,
    template: str,
    file: PatientFile,
    handle: Handle,
    *,
    tab: Part,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page of the file, with the patient's head and the tabs."""
    head = head_of(handle, file, today=day_of(file, request.now))
    practises = request.actor.role == "practitioner"
    page = {
        "file": file, "head": head, "tabs": tabs(file, tab, practises=practises), "reads_only": lacks(request.actor.role, Right.WRITE),
        "practises": practises,
        "emergency_until": getattr(request, "emergency_until", None), **context,
    }  # fmt: skip
    return render(request, f"records/{template}.html", page, status=status)


def tabs(file: PatientFile, current: Part, *, practises: bool) -> list[dict[str, object]]:
    """The pages of a file; to the team those a right of its own opens."""
    words = {
        Part.FILE: _("Summary"),
        Part.CONSULTATIONS: _("Consultations"),
        Part.MEASURES: _("Measures"),
        Part.DOCUMENTS: _("Documents"),
        Part.KEPT: _("From imports"),
        Part.CLOCK: _("Clock and access"),
        Part.PORTAL: _("Portal"),
    }
    return [
        {
            "name": words[part],
            "url": reverse(name, args=[file.pk]),
            "icon": icon,
            "current": part is current,
        }
        for part, name, icon in TABS
        if practises or ACCESS[name].right
    ]
