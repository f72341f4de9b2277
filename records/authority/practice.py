"""The owner's pages of orders: what waits, the order itself, which files it means, the confirmation and the end (MD-43)."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.stepup import fresh_factor
from care.team.queries import owned_practice
from privacy.refusals import Refused
from records.authority import actions, queries
from records.authority.forms import ConfirmForm, EndForm, NameFileForm, ToldForm
from records.models import AuthorityOrder
from records.views.documents import EXTENSIONS, guarded
from records.views.frame import Visit

PER_PAGE: Final = 50


@require_safe
def orders(request: Visit) -> HttpResponse:
    """Every order about files of one's practice."""
    _owns(request)
    page = Paginator(queries.orders_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(one, actions.last_day_of(one), one.waits(request.now), one.is_running(request.now)) for one in page]
    return render(request, "authority/orders.html", {"page": page, "rows": rows})


@fresh_factor
@require_http_methods(["GET", "POST"])
def order(request: Visit, order_id: UUID) -> HttpResponse:
    """One order, with what it says; files are named, it is confirmed, refused or ended here."""
    one, act = _order(request, order_id), request.POST.get("act", "")
    form = FORMS[act](request.POST) if act in FORMS else None
    if form and form.is_valid() and _done(request, one, act, form):
        return redirect("records:order", one.pk)
    said = actions.said_of(one, by=request.actor, now=request.now)
    context = {
        "order": one, "said": said, "named": queries.named_in(one)[: PER_PAGE * 2], "last_day": actions.last_day_of(one),
        "waits": one.waits(request.now), "running": one.is_running(request.now),
        "parts": queries.parts_in_words(one.parts), "to_tell": set(queries.to_tell(request.now).filter(order=one).values_list("pk", flat=True)),
        "forms": {name: form if form and name == act else made() for name, made in FORMS.items()},
    }  # fmt: skip
    return render(request, "authority/decide.html", context, status=422 if form and form.errors else 200)


@fresh_factor
@require_safe
def paper(request: Visit, order_id: UUID) -> HttpResponse:
    """The order itself, as an attachment."""
    one = _order(request, order_id)
    try:
        return as_paper(one, actions.document_of(one, by=request.actor, now=request.now))
    except FileNotFoundError as gone:
        raise Http404 from gone


def as_paper(order: AuthorityOrder, data: bytes) -> HttpResponse:
    """The uploaded order, to be saved and not shown."""
    response = HttpResponse(data, content_type=order.content_type)
    response["Content-Disposition"] = f'attachment; filename="order.{EXTENSIONS[order.content_type]}"'
    return guarded(response)


def _done(request: Visit, one: AuthorityOrder, act: str, form: forms.Form) -> bool:
    try:
        messages.success(request, ACTS[act](request, one, form))
    except Refused as refused:
        code = refused.refusal.code
        form.add_error(code if code in form.fields else None, str(refused))
        return False
    return True


def _name(request: Visit, one: AuthorityOrder, form: forms.Form) -> str:
    actions.name_file(order_id=one.pk, **form.cleaned_data, by=request.actor, now=request.now)
    return _("The file is named. It opens when you confirm the order.")


def _take_out(request: Visit, one: AuthorityOrder, form: forms.Form) -> str:
    actions.take_out(ordered_id=_named(request, one), by=request.actor, now=request.now)
    return _("Taken out: the order opens this file no more.")


def _confirm(request: Visit, one: AuthorityOrder, form: forms.Form) -> str:
    actions.confirm(order_id=one.pk, by=request.actor, now=request.now)
    return _("Confirmed. The data protection officer lets the agent in; you can end the access here at any time.")


def _end(request: Visit, one: AuthorityOrder, form: forms.Form) -> str:
    actions.end(order_id=one.pk, why=form.cleaned_data["why"], by=request.actor, now=request.now)
    return _("The order has ended: it opens nothing any more.")


def _told(request: Visit, one: AuthorityOrder, form: forms.Form) -> str:
    actions.note_told(ordered_id=_named(request, one), how=form.cleaned_data["how"], by=request.actor, now=request.now)
    return _("Noted with the day.")


def _named(request: Visit, one: AuthorityOrder) -> UUID:
    """The file of the order that the form is about. Raises Http404 for any other."""
    said = request.POST.get("ordered", "")
    known = {str(pk): pk for pk in queries.named_in(one).values_list("pk", flat=True)}
    if said not in known:
        raise Http404
    return known[said]


FORMS: Final[dict[str, type[forms.Form]]] = {
    "name": NameFileForm, "out": forms.Form, "confirm": ConfirmForm, "end": EndForm, "told": ToldForm,
}  # fmt: skip
ACTS: Final[dict[str, Callable[[Visit, AuthorityOrder, forms.Form], str]]] = {
    "name": _name, "out": _take_out, "confirm": _confirm, "end": _end, "told": _told,
}  # fmt: skip


def _owns(request: Visit) -> None:
    if owned_practice(request.user) is None:
        raise PermissionDenied


def _order(request: Visit, order_id: UUID) -> AuthorityOrder:
    _owns(request)
    return get_object_or_404(queries.orders_of(request.user), pk=order_id)
