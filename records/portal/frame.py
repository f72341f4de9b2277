"""What every page of the portal shares: one link of the visitor's account, one file, an author in the link's capacity."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.patients.actions import ROLE
from accounts.queries import signed_in
from audit.actors import Actor
from audit.requests import HouseRequest
from care.models import Capacity, PortalLink
from care.queries import links_of
from records.models import PatientFile
from records.portal import queries
from records.reading import Part, open_file
from records.restriction.actions import open_for_subject
from records.restriction.queries import is_kept_shut
from records.restriction.rules import speaks_for_patient
from vault.errors import KeyRefused, NoKey
from vault.handles import Handle

Rest = ParamSpec("Rest")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to one file: by which link, as whom the journals know it, and whether the file is restricted (PC-63)."""

    link: PortalLink
    file: PatientFile
    by: Actor
    restricted: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the visitor is the patient."""
        return self.link.capacity == Capacity.SELF

    def open(self, request: HouseRequest, part: Part, *, action: str = "open") -> Handle:
        """The file's content, to read; the one line of this page in the access journal names the account that acted."""
        if self.restricted:
            return open_for_subject(self.file, part, link=self.link, by=self.by, now=request.now)
        return open_file(self.file, part, by=self.by, now=request.now, action=action)


View = Callable[Concatenate[HouseRequest, Visit, Rest], HttpResponse]


def actor_by(link: PortalLink, actor: Actor) -> Actor:
    """The author in the link's capacity: the patient, or whoever acts for them."""
    role = ROLE if link.capacity == Capacity.SELF else str(link.capacity)
    return replace(actor, role=role, practice_id=link.practice_id)


def of_link(part: str = "") -> Callable[[View[Rest]], Callable[..., HttpResponse]]:
    """Give the view the visit of its address: a live link of this account that opens ``part``; else 404.

    A restricted file is shut (403) to all but the patient and a child's guardian, whatever the page shows.
    """

    def decorated(view: View[Rest]) -> Callable[..., HttpResponse]:
        def wrapped(request: HouseRequest, link_id: UUID, *arguments: Rest.args, **named: Rest.kwargs) -> HttpResponse:
            link = get_object_or_404(links_of(signed_in(request).pk, request.now), pk=link_id)
            file = queries.file_of(link)
            if file is None or (part and not link.opens(part)):
                raise Http404
            restricted = is_kept_shut(file.pk)
            if restricted and not speaks_for_patient(link):
                return _closed(request, link)
            try:
                return view(request, Visit(link, file, actor_by(link, request.actor), restricted), *arguments, **named)
            except (KeyRefused, NoKey):
                return _closed(request, link)

        update_wrapper(wrapped, view)
        return wrapped

    return decorated


def _closed(request: HouseRequest, link: PortalLink) -> HttpResponse:
    return render(request, "patient/refused.html", {"link": link}, status=403)
