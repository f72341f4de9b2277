"""What every page of an agent shares: one order that runs, one file it names, one part, an author the journal knows by it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.queries import signed_in
from audit.actors import Actor
from audit.requests import HouseRequest
from privacy.purposes import Purpose
from records.authority import queries
from records.authority.actions import last_day_of, open_order
from records.models import AuthorityOrder, PatientFile
from records.reading import Part
from vault import access
from vault.errors import VaultError
from vault.handles import Handle

Rest = ParamSpec("Rest")


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent before one order, and as whom the journal knows them."""

    order: AuthorityOrder
    by: Actor

    def open(self, request: HouseRequest, file: PatientFile, part: Part, action: str = "open") -> Handle:
        """One part of one file, to read; one line of the journal that names the order.

        Restricted and archived files too: an order is a legal claim in the sense of Art. 18(2), and the archive is kept for it.
        """
        return access.open(
            file.pk, by=self.by, purpose=Purpose.LEGAL, part=part.value, practice_id=file.practice_id, now=request.now,
            action=action, from_archive=True, despite_restriction=True,
        )  # fmt: skip

    def show(self, request: HouseRequest, template: str, **context: Any) -> HttpResponse:
        """A page under the order: its reference stands on it, and behind each printed sheet."""
        reference = open_order(self.order, by=self.by, now=request.now).read(self.order, "reference")
        last: date = last_day_of(self.order)
        page = {"order": self.order, "reference": reference, "last_day": last, **context}
        return render(request, f"authority/{template}.html", page)


View = Callable[Concatenate[HouseRequest, Seat, Rest], HttpResponse]
FileView = Callable[Concatenate[HouseRequest, Seat, PatientFile, Rest], HttpResponse]


def of_order(view: View[Rest]) -> Callable[..., HttpResponse]:
    """Give the view the order of its address while it runs for this account; else 404."""

    def wrapped(request: HouseRequest, order_id: UUID, *arguments: Rest.args, **named: Rest.kwargs) -> HttpResponse:
        order = get_object_or_404(queries.running_for(signed_in(request).pk, request.now), pk=order_id)
        by = replace(request.actor, practice_id=order.practice_id, request_id=_named(order, request.actor.request_id))
        return view(request, Seat(order, by), *arguments, **named)

    update_wrapper(wrapped, view)
    return wrapped


def of_file(part: str = "") -> Callable[[FileView[Rest]], Callable[..., HttpResponse]]:
    """Give the view the file of its address, if the order names it and (where one is asked for) the part; else 404."""

    def decorated(view: FileView[Rest]) -> Callable[..., HttpResponse]:
        @of_order
        def wrapped(
            request: HouseRequest, seat: Seat, /, file_id: UUID, *arguments: Rest.args, **named: Rest.kwargs
        ) -> HttpResponse:
            ordered = get_object_or_404(queries.files_of(seat.order), file_id=file_id)
            asked = part or str(named.get("part", ""))
            if not seat.order.opens(asked) or not queries.is_kept(ordered.file, request.now):
                raise Http404
            try:
                return view(request, seat, ordered.file, *arguments, **named)
            except VaultError as gone:
                raise Http404 from gone

        update_wrapper(wrapped, view)
        return wrapped

    return decorated


def _named(order: AuthorityOrder, request_id: str) -> str:
    return f"{order.ref}:{request_id}"[:100]
