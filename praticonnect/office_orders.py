"""The office's pages of authorities' orders: entered here, confirmed by the practice, the agent's link sent, ended (MD-43)."""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from care.tenancy import ALL, scope
from privacy.refusals import Refused
from records.authority import actions, queries
from records.authority.forms import EndForm, OrderForm
from records.authority.practice import as_paper
from records.models import AuthorityOrder
from records.uploads import refuse

PER_PAGE: Final = 50


def orders(request: HouseRequest) -> HttpResponse:
    """Every order, the latest first: what waits for its practice, what runs, what has ended."""
    with scope(ALL):
        found = queries.in_order(AuthorityOrder.objects.all())
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        rows = [(one, actions.last_day_of(one), one.waits(request.now), one.is_running(request.now)) for one in page]
    context = {"title": _("Orders of authorities"), "page": page, "rows": rows}
    return _page(request, "office/orders.html", context)


@fresh_factor
def enter(request: HouseRequest) -> HttpResponse:
    """Write an order down, with its document."""
    posted = request.method == "POST"
    form = OrderForm(request.POST, request.FILES) if posted else OrderForm()
    if posted:
        refuse(form, request)
        with scope(ALL):
            if form.is_valid() and (entered := _entered(request, form)):
                messages.success(
                    request, gettext("Entered. The owner of the practice was asked to read and confirm it.")
                )
                return redirect("admin:order", entered.pk)
    context = {"title": _("Enter an order"), "form": form}
    return _page(request, "office/order_enter.html", context, status=422 if form.errors else 200)


def _entered(request: HouseRequest, form: OrderForm) -> AuthorityOrder | None:
    try:
        return actions.enter(
            practice=form.cleaned_data["practitioner"], said=form.order(), files=form.cleaned_data["files"],
            source=form.cleaned_data["paper"], by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        code = refused.refusal.code
        form.add_error(code if code in form.fields else "paper", str(refused))
        return None


@fresh_factor
def order(request: HouseRequest, order_id: UUID) -> HttpResponse:
    """One order: what it says (the reading is journaled), its state, the agent's link, its end. Never a patient's name."""
    form, code = EndForm(request.POST if request.POST.get("act") == "end" else None), ""
    with scope(ALL):
        one = get_object_or_404(queries.in_order(AuthorityOrder.objects.all()), pk=order_id)
        if request.POST.get("act") == "link":
            code = _linked(request, one)
        elif form.is_bound and form.is_valid() and _ended(request, one, form):
            return redirect("admin:order", one.pk)
        one.refresh_from_db()
        context = {
            "title": _("Order of an authority"), "order": one, "form": form, "code": code, "last_day": actions.last_day_of(one),
            "said": actions.said_of(one, by=request.actor, now=request.now),
            "parts": queries.parts_in_words(one.parts), "named": list(queries.named_in(one)),
            "waits": one.waits(request.now), "running": one.is_running(request.now),
        }  # fmt: skip
    return _page(request, "office/order.html", context, status=422 if form.errors else 200)


@fresh_factor
@require_safe
def paper(request: HouseRequest, order_id: UUID) -> HttpResponse:
    """The order itself, as an attachment."""
    with scope(ALL):
        one = get_object_or_404(AuthorityOrder.objects.all(), pk=order_id)
        try:
            return as_paper(one, actions.document_of(one, by=request.actor, now=request.now))
        except FileNotFoundError as gone:
            raise Http404 from gone


def _linked(request: HouseRequest, one: AuthorityOrder) -> str:
    """Send the link; the code is on this one page and nowhere else."""
    try:
        return actions.send_link(order_id=one.pk, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused))
        return ""


def _ended(request: HouseRequest, one: AuthorityOrder, form: EndForm) -> bool:
    try:
        actions.end(order_id=one.pk, why=form.cleaned_data["why"], by=request.actor, now=request.now)
    except Refused as refused:
        form.add_error(refused.refusal.code if refused.refusal.code in form.fields else None, str(refused))
        return False
    messages.success(request, gettext("The order has ended: it opens nothing any more."))
    return True


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
