"""The data protection officer's desk: every request, the overdue ones first; decided, entered, printed, taken along (MD-33)."""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from gdpr_requests.desk import handing, identity, queries, showing
from gdpr_requests.desk.filing import file_request, moment_of
from gdpr_requests.desk.forms import DeskFilter, EnterForm
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.views import in_words, paper_response
from gdpr_requests.desk.wording import right_in_words
from gdpr_requests.directives import dying
from gdpr_requests.models import Request
from praticonnect.office_register import filtered, takings
from privacy.clocks import legal_day
from privacy.deadlines import DataClass, Right

PAGE: Final = 50


def desk(request: HouseRequest) -> HttpResponse:
    """All requests with how the dates are kept; those that are overdue lead."""
    form, today = DeskFilter(request.GET), legal_day(request.now)
    page = Paginator(filtered(request), PAGE).get_page(request.GET.get("page"))
    figures = queries.figures(Request.objects.all(), request.now)
    context = {
        "title": _("Requests"), "form": form, "page": page, "rows": in_words(page), "figures": figures, "today": today,
        "rights": [(right_in_words(Right(right)), count) for right, count in figures.by_right.items()],
        "takings": takings(request), "filtered": any(form.data.get(name) for name in form.fields),
    }  # fmt: skip
    return _page(request, "office/desk.html", context)


def one(request: HouseRequest, request_id: UUID) -> HttpResponse:
    """One request: its thread, and what may be done; the opening is journaled."""
    asked, wrong, step = _asked(request_id), None, request.POST.get("step", "")
    if request.method == "POST" and step in showing.FORMS:
        form = showing.submitted(asked, step, request.POST, by=request.actor, now=request.now)
        if form is None:
            messages.success(request, gettext("Done, and written into the thread."))
            return redirect("admin:request", request_id)
        wrong = (step, form)
    context = showing.page_of(asked, by=request.actor, now=request.now, wrong=wrong)
    copy = dying.copy_of(asked.pk, request.now)
    archive = None if copy else handing.shown(asked, handing.may_hand_over(request, asked), request.now)
    context |= {"plan": dying.plan_lines(asked, request.now), "copy": copy, "archive": archive}
    title = f"{context['right']}, {asked.number}"
    return _page(request, "office/request.html", {**context, "title": title}, status=422 if wrong else 200)


@require_safe
def paper(request: HouseRequest, request_id: UUID) -> HttpResponse:
    """The identity document that waits to be checked."""
    asked = _asked(request_id)
    return paper_response(identity.read_document(request_id=asked.pk, by=request.actor, now=request.now))


@fresh_factor
@require_http_methods(["GET", "POST"])
def archive(request: HouseRequest, request_id: UUID) -> HttpResponseBase:
    """The copy to hand over for a practice that has nobody left."""
    return handing.handed(request, _asked(request_id), "admin:request")


def enter(request: HouseRequest) -> HttpResponse:
    """A request that came by e-mail or post; its clock runs from the day of receipt (D17)."""
    form = EnterForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (filed := _entered(request, form)):
        messages.success(request, gettext("Entered under the number %(number)s.") % {"number": filed.number})
        return redirect("admin:request", filed.pk)
    context = {"title": _("Enter a request"), "form": form}
    return _page(request, "office/request_enter.html", context, status=422 if form.errors else 200)


def _entered(request: HouseRequest, form: EnterForm) -> Request | None:
    typed = form.cleaned_data
    try:
        return file_request(
            right=typed["right"], objects_to=typed["objects_to"], text=typed["text"], channel=typed["channel"],
            contact={name: typed[name] for name in ("name", "email", "address", "language")},
            data_class=DataClass(typed["data_class"]), received_at=moment_of(typed["received_on"], request.now),
            by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None


def _asked(request_id: UUID) -> Request:
    found = queries.office_requests().filter(pk=request_id).first()
    if found is None:
        raise Http404
    return found


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
