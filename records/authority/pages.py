"""What an agent of an authority sees: the orders that run, their files, the parts they name. Nothing here writes (MD-43)."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import account_by_email, signed_in
from audit.requests import HouseRequest
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records import queries as records
from records.authority import actions, queries
from records.authority.forms import CodeForm, CodeWithAccountForm
from records.authority.frame import Seat, of_file, of_order
from records.authority.rules import why_not_join
from records.clock import birth_words
from records.fields import CONTACT, IDENTITY, LABELS, MEDICAL, SEXES
from records.models import ConsultationStatus, OrderPart, PatientFile
from records.preview import page_as_png
from records.reading import (
    Part,
    document_bytes,
    name_of,
    open_consultation,
    open_document,
    open_measures,
)
from records.views.documents import SHOWN_PAGES, guarded
from vault import access
from vault.handles import Handle

PER_PAGE: Final = 50
CONSULTATIONS_PER_PAGE: Final = 20
Line = tuple[object, object]


@require_safe
def home(request: HouseRequest) -> HttpResponse:
    """The orders under which the visitor reads now."""
    rows = [(one, actions.last_day_of(one)) for one in queries.running_for(signed_in(request).pk, request.now)]
    return render(request, "authority/home.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
def join(request: HouseRequest, token: str) -> HttpResponse:
    """Where the link leads: the code that was told by another way, and an own account."""
    order = queries.invited_by(token)
    if order is None or why_not_join(order, now=request.now):
        return render(request, "authority/over.html", status=410)
    known = account_by_email(order.email)
    if known is not None and request.user != known:
        return render(request, "authority/sign_in.html", {"back": request.path})
    form = CodeForm(request.POST or None) if known else CodeWithAccountForm(request.POST or None, email=order.email)
    if request.method == "POST" and form.is_valid() and _joined(request, token, form):
        messages.success(request, _("Your access is open. Sign in, and add a passkey or an app that you hold."))
        return redirect("authority:home")
    return render(
        request, "authority/join.html", {"form": form, "email": order.email}, status=422 if form.errors else 200
    )


def _joined(request: HouseRequest, token: str, form: CodeForm) -> bool:
    known = signed_in(request) if request.user.is_authenticated else None
    try:
        joined = actions.join(
            token=token, code=form.cleaned_data["code"], user=known, password=form.cleaned_data.get("password", ""),
            language=get_language() or "en", by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    if joined is None:
        form.add_error("code", _("This isn't the code. After five wrong ones the link is worth nothing."))
    return joined is not None


@require_safe
@of_order
def order(request: HouseRequest, seat: Seat) -> HttpResponse:
    """The files that the order names; names only if it names the identity."""
    page = Paginator(queries.files_of(seat.order), PER_PAGE).get_page(request.GET.get("page"))
    files = [one.file for one in page if queries.is_kept(one.file, request.now)]
    names = _names(request, seat, files) if seat.order.opens(OrderPart.IDENTITY) else {}
    rows = [(file, names.get(file.pk, "")) for file in files]
    return seat.show(request, "order", page=page, rows=rows, parts=_parts(seat))


def _names(request: HouseRequest, seat: Seat, files: list[PatientFile]) -> dict[UUID, str]:
    opened = access.open_many(
        [file.pk for file in files], by=seat.by, purpose=Purpose.LEGAL, part=Part.LIST.value,
        practice_id=seat.order.practice_id, now=request.now, from_archive=True, despite_restriction=True,
    )  # fmt: skip
    return {file.pk: name_of(opened[file.pk], file) for file in files if file.pk in opened}


def _parts(seat: Seat) -> list[OrderPart]:
    return [one for one in OrderPart if seat.order.opens(one)]


@require_safe
@of_file()
def part(request: HouseRequest, seat: Seat, file: PatientFile, part: str) -> HttpResponse:
    """One part of one file."""
    shown = SHOWN[OrderPart(part)](request, seat, file)
    return seat.show(request, "part", file=file, part=OrderPart(part), parts=_parts(seat), **shown)


@require_safe
@of_file(OrderPart.DOCUMENTS)
def document(request: HouseRequest, seat: Seat, file: PatientFile, document_id: UUID) -> HttpResponse:
    """One document, its pages as pictures."""
    row = get_object_or_404(records.documents_of(file), pk=document_id)
    shown = open_document(seat.open(request, file, Part.DOCUMENT), row)
    return seat.show(request, "document", file=file, document=shown, pages=range(1, min(row.pages, SHOWN_PAGES) + 1))


@require_safe
@of_file(OrderPart.DOCUMENTS)
def page(request: HouseRequest, seat: Seat, file: PatientFile, document_id: UUID, number: int) -> HttpResponse:
    """One page, drawn anew as PNG; the original doesn't leave."""
    row = get_object_or_404(records.documents_of(file), pk=document_id)
    if not 1 <= number <= row.pages:
        raise Http404
    handle = seat.open(request, file, Part.DOCUMENT, action="preview")
    try:
        drawn = page_as_png(document_bytes(handle, row), row.content_type, page=number - 1)
    except Refused as refused:
        return HttpResponse(str(refused.refusal.message), status=422, content_type="text/plain")
    return guarded(HttpResponse(drawn, content_type="image/png"))


def _identity(request: HouseRequest, seat: Seat, file: PatientFile) -> dict[str, object]:
    lines = _lines(seat.open(request, file, Part.IDENTITY), file, (*IDENTITY, *CONTACT))
    return {"lines": [(LABELS[name], _in_words(name, text)) for name, text in lines]}


def _medical(request: HouseRequest, seat: Seat, file: PatientFile) -> dict[str, object]:
    lines = _lines(seat.open(request, file, Part.MEDICAL), file, MEDICAL)
    return {"lines": [(LABELS[name], text) for name, text in lines]}


def _consultations(request: HouseRequest, seat: Seat, file: PatientFile) -> dict[str, object]:
    """Signed and struck ones with their texts as they stand; drafts are nobody's record yet."""
    signed = records.consultations_of(file).exclude(status=ConsultationStatus.DRAFT)
    rows = Paginator(signed, CONSULTATIONS_PER_PAGE).get_page(request.GET.get("page"))
    handle = seat.open(request, file, Part.CONSULTATIONS)
    shown = [open_consultation(handle, row) for row in rows]
    texts = [(one, [(LABELS[name], text) for name, text in one.texts.items() if text]) for one in shown]
    return {"page": rows, "consultations": texts, "struck": ConsultationStatus.STRUCK}


def _measures(request: HouseRequest, seat: Seat, file: PatientFile) -> dict[str, object]:
    rows = Paginator(records.measures_of(file), PER_PAGE).get_page(request.GET.get("page"))
    return {"page": rows, "measures": open_measures(seat.open(request, file, Part.MEASURES), rows)}


def _documents(request: HouseRequest, seat: Seat, file: PatientFile) -> dict[str, object]:
    rows = Paginator(records.documents_of(file), PER_PAGE).get_page(request.GET.get("page"))
    handle = seat.open(request, file, Part.DOCUMENTS)
    return {"page": rows, "documents": [open_document(handle, row) for row in rows]}


SHOWN: Final[dict[OrderPart, Callable[[HouseRequest, Seat, PatientFile], dict[str, object]]]] = {
    OrderPart.IDENTITY: _identity,
    OrderPart.MEDICAL: _medical,
    OrderPart.CONSULTATIONS: _consultations,
    OrderPart.MEASURES: _measures,
    OrderPart.DOCUMENTS: _documents,
}


def _lines(handle: Handle, file: PatientFile, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, text) for name in names if (text := handle.read(file, name) or "")]


def _in_words(name: str, text: str) -> object:
    if name == "birth_date":
        return birth_words(text)
    return SEXES.get(text, text) if name == "sex" else text
