"""The "Requests" tab of the privacy centre: those put to the practice, and one's own, past ones too (PC-68)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from gdpr_requests.desk import handing, identity, queries, showing
from gdpr_requests.desk.filing import file_request, moment_of
from gdpr_requests.desk.forms import AskForm, DeskFilter, HandedForm, PaperForm
from gdpr_requests.desk.public_views import taken
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.wording import remedies, right_in_words
from gdpr_requests.models import Channel, Request
from privacy.clocks import legal_day
from privacy.deadlines import Right
from records.queries import files_of
from records.uploads import refuse

PAGE = 25


@require_safe
def requests(request: SignedInRequest) -> HttpResponse:
    """Both lists, the most urgent first, with how the practice keeps its dates."""
    form = DeskFilter(request.GET)
    today = legal_day(request.now)
    wanted = form.cleaned_data if form.is_valid() else {}
    put = queries.requests_to(request.practice_ids)
    page = Paginator(queries.filtered(put, wanted, today), PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": in_words(page),
        "own": in_words(queries.own_requests(request.user.pk)[:PAGE]),
        "figures": queries.figures(put, request.now),
        "today": today,
        "remedies": remedies(),
    }
    return render(request, "gdpr/requests.html", context)


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """A request of one's own, to the house."""
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            filed = file_request(
                **form.cleaned_data,
                account_id=request.user.pk,
                channel=Channel.CENTRE,
                by=request.actor,
                now=request.now,
            )
        except Refused as refused:
            form.add_error(None, str(refused.refusal.message))
        else:
            messages.success(request, _("Your request has the number %(number)s.") % {"number": filed.number})
            return redirect("gdpr:request", filed.pk)
    return render(request, "gdpr/request_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def enter(request: SignedInRequest, file_id: UUID) -> HttpResponse:
    """What a patient without an account wrote or handed over about their file; its clock runs from the day of receipt."""
    file = files_of(request.user).filter(pk=file_id).first()
    if file is None:
        raise Http404
    form = HandedForm(request.POST or None, initial={"received_on": legal_day(request.now), "language": get_language()})
    if request.method == "POST" and form.is_valid() and (filed := _entered(request, file.pk, form)):
        messages.success(request, _("Entered under the number %(number)s.") % {"number": filed.number})
        return redirect("gdpr:request", filed.pk)
    context = {"form": form, "file_id": file_id}
    return render(request, "gdpr/request_enter.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def one(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """One request with its thread, and the steps that are open to whoever looks."""
    asked, wrong, step = _asked(request, request_id), None, request.POST.get("step", "")
    if request.method == "POST" and step in showing.FORMS:
        form = showing.submitted(asked, step, request.POST, by=request.actor, now=request.now)
        if form is None:
            messages.success(request, _("Done, and written into the thread."))
            return redirect("gdpr:request", request_id)
        wrong = (step, form)
    context = showing.page_of(asked, by=request.actor, now=request.now, wrong=wrong)
    context["archive"] = handing.shown(asked, handing.may_hand_over(request, asked), request.now)
    return render(request, "gdpr/request.html", context, status=422 if wrong else 200)


@require_POST
def send_paper(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """One's own identity document."""
    asked, form = _asked(request, request_id), PaperForm(request.POST, request.FILES)
    refuse(form, request)
    if form.is_valid() and taken(form, asked.pk, by=request.actor, request=request):
        return redirect("gdpr:request", request_id)
    context = showing.page_of(asked, by=request.actor, now=request.now) | {"paper": form}
    return render(request, "gdpr/request.html", context, status=422)


@require_safe
def paper(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """The identity document that waits, for whoever checks it."""
    return paper_response(
        identity.read_document(request_id=_asked(request, request_id).pk, by=request.actor, now=request.now)
    )


@fresh_factor
@require_http_methods(["GET", "POST"])
def archive(request: SignedInRequest, request_id: UUID) -> HttpResponseBase:
    """The copy to hand over to a patient who has no account."""
    return handing.handed(request, _asked(request, request_id), "gdpr:request")


def paper_response(found: tuple[str, bytes] | None) -> HttpResponse:
    """The document as a download that no browser runs or keeps. Raises Http404 when none waits."""
    if found is None:
        raise Http404
    kind, data = found
    ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[kind]
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="identity.{ending}"'
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "no-store"
    return answer


def in_words(requests: Any) -> list[tuple[Request, str]]:
    """Each request with its right in words."""
    return [(row, right_in_words(Right(row.right))) for row in requests]


def _entered(request: SignedInRequest, file_id: UUID, form: HandedForm) -> Request | None:
    typed = form.cleaned_data
    try:
        return file_request(
            right=typed["right"], objects_to=typed["objects_to"], text=typed["text"], channel=typed["channel"],
            contact={name: typed[name] for name in ("name", "email", "address", "language")}, file_id=file_id,
            received_at=moment_of(typed["received_on"], request.now), by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None


def _asked(request: SignedInRequest, request_id: UUID) -> Request:
    found = queries.request_for(request.actor, request.practice_ids, request_id)
    if found is None:
        raise Http404
    return found
