"""What a patient reads and writes: shared documents and consultations, the questionnaire."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.requests import HouseRequest
from care.models import PortalPart
from privacy.refusals import Refused
from records.fields import LABELS
from records.models import Document, Share
from records.portal import content, queries
from records.portal.frame import Visit, of_link
from records.portal.questions import QuestionnaireForm, in_words
from records.portal.rules import NOTHING_ADDED
from records.preview import page_as_png
from records.reading import Part, document_bytes, open_consultation, open_document
from records.views.documents import SHOWN_PAGES, as_attachment, guarded
from vault.handles import Handle

SHOWN: Final = 100


@require_safe
@of_link()
def practice(request: HouseRequest, visit: Visit) -> HttpResponse:
    """One practice: what is shared with the visitor there, and the questionnaire."""
    handle = visit.open(request, Part.PORTAL, action="list")
    rows = [_line(handle, one) for one in queries.shares_of(visit.file)[:SHOWN] if visit.link.opens(_needs(one))]
    return render(
        request, "patient/practice.html",
        {"link": visit.link, "shares": rows, "latest": queries.versions_of(visit.file).first(), "restricted": visit.restricted,
         "questionnaire": visit.link.opens(PortalPart.QUESTIONNAIRE)},
    )  # fmt: skip


@require_safe
@of_link(PortalPart.DOCUMENTS)
def document(request: HouseRequest, visit: Visit, document_id: UUID) -> HttpResponse:
    """A shared document, its pages as pictures."""
    row = _document(visit, document_id)
    shown = open_document(visit.open(request, Part.DOCUMENT), row)
    pages = range(1, min(row.pages, SHOWN_PAGES) + 1)
    context = {"link": visit.link, "document": shown, "pages": pages, "restricted": visit.restricted}
    return render(request, "patient/document.html", context)


@require_safe
@of_link(PortalPart.DOCUMENTS)
def page(request: HouseRequest, visit: Visit, document_id: UUID, number: int) -> HttpResponse:
    """One page, drawn anew as PNG."""
    row = _document(visit, document_id)
    if not 1 <= number <= row.pages:
        raise Http404
    handle = visit.open(request, Part.DOCUMENT, action="preview")
    try:
        drawn = page_as_png(document_bytes(handle, row), row.content_type, page=number - 1)
    except Refused as refused:
        return HttpResponse(str(refused.refusal.message), status=422, content_type="text/plain")
    return guarded(HttpResponse(drawn, content_type="image/png"))


@require_safe
@of_link(PortalPart.DOCUMENTS)
def download(request: HouseRequest, visit: Visit, document_id: UUID) -> HttpResponse:
    """The original, as an attachment that no browser opens by itself."""
    row = _document(visit, document_id)
    handle = visit.open(request, Part.DOCUMENT, action="download")
    return as_attachment(open_document(handle, row), document_bytes(handle, row))


@require_safe
@of_link(PortalPart.CONSULTATIONS)
def consultation(request: HouseRequest, visit: Visit, consultation_id: UUID) -> HttpResponse:
    """A shared consultation, as it is signed now."""
    row = queries.shared_consultation(visit.file, consultation_id)
    if row is None:
        raise Http404
    shown = open_consultation(visit.open(request, Part.CONSULTATION), row)
    texts = [(LABELS[name], text) for name, text in shown.texts.items() if text]
    context = {"link": visit.link, "consultation": shown, "texts": texts, "restricted": visit.restricted}
    return render(request, "patient/consultation.html", context)


@require_http_methods(["GET", "POST"])
@of_link(PortalPart.QUESTIONNAIRE)
def questionnaire(request: HouseRequest, visit: Visit) -> HttpResponse:
    """The medical questionnaire: begun, kept as a draft, handed in as a new version (MD-03)."""
    if visit.restricted:
        return _only_read(request, visit)
    form = QuestionnaireForm(request.POST or None)
    if request.method == "POST" and "later" in request.POST:
        content.save_answers(file=visit.file, answers=form.so_far(), by=visit.by, now=request.now)
        messages.success(request, _("Kept as a draft, for you alone. Nobody reads it before you hand it in."))
        return redirect("patient:questionnaire", visit.link.pk)
    if request.method == "POST" and form.is_valid() and _handed_in(request, visit, form):
        return redirect("patient:practice", visit.link.pk)
    latest = queries.versions_of(visit.file).first()
    if request.method == "GET":
        handle = visit.open(request, Part.QUESTIONNAIRE)
        begun = queries.draft_of(visit.file, visit.by.account_id)
        held = begun or latest
        form = QuestionnaireForm(initial=handle.read(held, "answers") if held else {})
    return render(
        request, "patient/questionnaire.html", {"link": visit.link, "form": form, "latest": latest},
        status=422 if form.errors else 200,
    )  # fmt: skip


def _only_read(request: HouseRequest, visit: Visit) -> HttpResponse:
    """A restricted file's questionnaire: the answers as they stand. What was posted comes back, and nothing is written."""
    handle, latest = visit.open(request, Part.QUESTIONNAIRE), queries.versions_of(visit.file).first()
    context: dict[str, object] = {"link": visit.link, "latest": latest, "restricted": True}
    if request.method == "POST":
        typed = QuestionnaireForm(initial=QuestionnaireForm(request.POST).so_far())
        context |= {"form": typed, "problem": NOTHING_ADDED.message}
        return render(request, "patient/questionnaire.html", context, status=409)
    begun = queries.draft_of(visit.file, visit.by.account_id)
    held = begun or latest
    context |= {"begun": begun, "answers": in_words(handle.read(held, "answers")) if held else []}
    return render(request, "patient/questionnaire_read.html", context)


def _handed_in(request: HouseRequest, visit: Visit, form: QuestionnaireForm) -> bool:
    try:
        content.hand_in(file=visit.file, link=visit.link, answers=form.answers(), by=visit.by, now=request.now)
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return False
    messages.success(request, _("Handed in. Your practitioner sees it; you can hand in a new version at any time."))
    return True


def _needs(share: Share) -> str:
    return PortalPart.DOCUMENTS if share.document_id else PortalPart.CONSULTATIONS


def _line(handle: Handle, share: Share) -> tuple[Share, str]:
    """What a list says of a share: a document's title, a consultation's kind."""
    if share.document is not None:
        return share, open_document(handle, share.document).title
    kind = share.consultation and open_consultation(handle, share.consultation).kind
    return share, str(kind)


def _document(visit: Visit, document_id: UUID) -> Document:
    row = queries.shared_document(visit.file, document_id)
    if row is None:
        raise Http404
    return row
