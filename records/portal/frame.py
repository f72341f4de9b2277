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
from vault.errors import KeyRefused, NoKey
from vault.handles import Handle

Rest = ParamSpec("Rest")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to one file: by which link, and as whom the journals know it."""

    link: PortalLink
    file: PatientFile
    by: Actor

    @property
    def is_own(self) -> bool:
        """Whether the visitor is the patient."""
        return self.link.capacity == Capacity.SELF

    def open(self, request: HouseRequest, part: Part, *, action: str = "open") -> Handle:
        """The file's content; the one line of this page in the access journal names the account that acted."""
        return open_file(self.file, part, by=self.by, now=request.now, action=action)


View = Callable[Concatenate[HouseRequest, Visit, Rest], HttpResponse]


def actor_by(link: PortalLink, actor: Actor) -> Actor:
    """The author in the link's capacity: the patient, or whoever acts for them."""
    role = ROLE if link.capacity == Capacity.SELF else str(link.capacity)
    return replace(actor, role=role, practice_id=link.practice_id)


def of_link(part: str = "") -> Callable[[View[Rest]], Callable[..., HttpResponse]]:
    """Give the view the visit of its address: a live link of this account that opens ``part``; else 404."""

    def decorated(view: View[Rest]) -> Callable[..., HttpResponse]:
        def wrapped(request: HouseRequest, link_id: UUID, *arguments: Rest.args, **named: Rest.kwargs) -> HttpResponse:
            link = get_object_or_404(links_of(signed_in(request).pk, request.now), pk=link_id)
            file = queries.file_of(link)
            if file is None or (part and not link.opens(part)):
                raise Http404
            try:
                return view(request, Visit(link, file, actor_by(link, request.actor)), *arguments, **named)
            except (KeyRefused, NoKey):
                return render(request, "patient/refused.html", {"link": link}, status=403)

        update_wrapper(wrapped, view)
        return wrapped

    return decorated
