"""Who else looks into one's file: the patient ends it, and from 15 on says which parts a guardian sees."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from audit.actors import Actor
from audit.requests import HouseRequest
from care.models import Capacity, PortalLink, PortalPart
from care.portal import actions as care
from care.portal.ages import OWN_SAY, has_own_say
from care.queries import links_to
from privacy.refusals import Refusal, Refused, require
from records.clock import day_of, parse_birth_date
from records.models import PatientFile
from records.portal.frame import Visit, of_link
from records.portal.rules import NOTHING_ADDED
from records.reading import Part, open_file

NOT_YET = Refusal(
    "too_young",
    gettext_lazy("From your 15th birthday on you decide what a guardian sees. Until then, ask your practitioner."),
)


def why_not_decide(link: PortalLink, *, young: bool) -> Refusal | None:
    """The patient decides about people of trust at any age, about a guardian from 15 on."""
    return NOT_YET if link.capacity == Capacity.GUARDIAN and young else None


@transaction.atomic
def decide(*, file: PatientFile, link: PortalLink, parts: Sequence[str], by: Actor, now: datetime) -> PortalLink | None:
    """Leave somebody's link with ``parts`` of what it had; with none it ends, and None is returned.

    Raises Refused for a guardian of a patient under 15 (Code de la santé publique L1111-5).
    """
    handle = open_file(file, Part.PORTAL, by=by, now=now)
    born = parse_birth_date(handle.read(file, "birth_date"))
    require(why_not_decide(link, young=born is not None and not has_own_say(born, day_of(file, now))))
    left = [part for part in parts if part in link.scope]
    if left:
        return care.narrow_link(link=link, scope=left, by=by, now=now)
    care.end_link(link=link, by=by, now=now)
    return None


class PartsForm(forms.Form):
    """Whose link, and which parts stay."""

    link = forms.UUIDField()
    parts = forms.MultipleChoiceField(choices=PortalPart.choices, required=False)


@require_http_methods(["GET", "POST"])
@of_link()
def relatives(request: HouseRequest, visit: Visit) -> HttpResponse:
    """Who else looks in, with their parts; only the patient sees this page."""
    if not visit.is_own:
        raise Http404
    others = links_to(visit.file.pk, request.now).exclude(pk=visit.link.pk)
    form = PartsForm(request.POST)
    if request.method == "POST" and form.is_valid():
        _decide(request, visit, form.cleaned_data["link"], form.cleaned_data["parts"])
        return redirect("patient:relatives", visit.link.pk)
    rows = [(one, [(value, label, one.opens(value)) for value, label in PortalPart.choices]) for one in others]
    return render(
        request,
        "patient/relatives.html",
        {"link": visit.link, "rows": rows, "own_say": OWN_SAY, "restricted": visit.restricted},
    )


def _decide(request: HouseRequest, visit: Visit, link_id: UUID, parts: Sequence[str]) -> None:
    others = links_to(visit.file.pk, request.now).exclude(capacity=Capacity.SELF)
    link = get_object_or_404(others, pk=link_id)
    if visit.restricted:
        messages.error(request, str(NOTHING_ADDED.message))
        return
    try:
        left = decide(file=visit.file, link=link, parts=parts, by=visit.by, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
        return
    said = _("Saved: that person sees these parts and no other.") if left else _("Ended: that person sees nothing of your file any more.")  # fmt: skip
    messages.success(request, said)
