"""The office's page of lost credentials: accounts cut, identity seen, new credentials issued by two persons (MD-51)."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.credentials import cuts, issuing, queries
from accounts.credentials.lost_forms import CheckForm, OfficeCutForm
from accounts.credentials.models import CredentialCut
from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from privacy.refusals import Refused

PER_PAGE = 25


@fresh_factor
def credentials(request: HouseRequest) -> HttpResponse:
    """Accounts that were cut, those that wait first; the office cuts one here."""
    form = OfficeCutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = _cut(request, form)
        return redirect("admin:credential", row.pk)
    page = Paginator(queries.cuts(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"title": _("Lost credentials"), "form": form, "page": page}
    return _page(request, "office/credentials.html", context, status=422 if form.errors else 200)


@fresh_factor
def credential(request: HouseRequest, cut_id: UUID) -> HttpResponse:
    """One account: what was cut, what proved the person, who issued. The code is shown in this one answer."""
    form, act, code, wrong = CheckForm(), request.POST.get("act"), "", ""
    try:
        if act == "check" and (form := CheckForm(request.POST)).is_valid():
            issuing.check_identity(cut_id=cut_id, **form.cleaned_data, by=request.actor, now=request.now)
            messages.success(request, gettext("Noted. The account's mailbox was told."))
            return redirect("admin:credential", cut_id)
        if act == "issue":
            code = issuing.issue(cut_id=cut_id, by=request.actor, now=request.now)
        row = queries.cut(cut_id)
    except CredentialCut.DoesNotExist as gone:
        raise Http404 from gone
    except Refused as refused:
        row, wrong = queries.cut(cut_id), str(refused)
    context = {
        "title": _("Lost credentials of one account"), "row": row, "lost": queries.lost_words(row), "form": form, "code": code,
        "wrong": wrong, "two": issuing.opens_others_data(row.user), "mine": row.checked_by_id == request.actor.account_id,
    }  # fmt: skip
    return _page(request, "office/credential.html", context, status=422 if wrong or form.errors else 200)


def _cut(request: HouseRequest, form: Form) -> CredentialCut:
    said = form.cleaned_data
    row = cuts.cut(
        user=said["email"], lost=said["lost"], reason=said["reason"], said=cuts.Said.OFFICE, by=request.actor,
        now=request.now,
    )  # fmt: skip
    messages.success(request, gettext("Cut. Every session is over; the account's mailbox was told."))
    return row


def _page(request: HouseRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
