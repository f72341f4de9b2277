"""Documents: added, shown as pictures made anew, downloaded; the original is never shown inline."""

import re
import unicodedata
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from adapters.faults import Fault
from privacy.refusals import Refused
from records import actions, queries
from records.forms import DocumentForm
from records.models import Document, PatientFile
from records.portal.queries import live_share
from records.preview import page_as_png
from records.reading import OpenDocument, Part, document_bytes, open_document
from records.uploads import refuse
from records.views.frame import Visit, of_file, open_part, show

SANDBOX = "sandbox; default-src 'none'"
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
SHOWN_PAGES = 50


@require_http_methods(["GET", "POST"])
@of_file
def documents(request: Visit, file: PatientFile) -> HttpResponse:
    """The documents of the file, and a form for the next one."""
    posted = request.method == "POST"
    form = DocumentForm(request.POST, request.FILES) if posted else DocumentForm()
    if posted:
        refuse(form, request)
        if form.is_valid() and _add(request, file, form):
            messages.success(request, _("The document is sealed and stored."))
            return redirect("records:documents", file.pk)
    handle = open_part(request, file, Part.DOCUMENTS)
    page = Paginator(queries.documents_of(file), 50).get_page(request.GET.get("page"))
    return show(
        request, "documents", file, handle, tab=Part.DOCUMENTS,
        form=form, page=page, rows=[open_document(handle, row) for row in page],
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_safe
@of_file
def document(request: Visit, file: PatientFile, document_id: UUID) -> HttpResponse:
    """One document, its pages as pictures."""
    row = _row(file, document_id)
    handle = open_part(request, file, Part.DOCUMENT)
    return show(
        request, "document", file, handle, tab=Part.DOCUMENTS,
        document=open_document(handle, row), share=live_share(file, document_id=row.pk), pages=range(1, min(row.pages, SHOWN_PAGES) + 1),
        more=max(row.pages - SHOWN_PAGES, 0),
    )  # fmt: skip


@require_safe
@of_file
def page(request: Visit, file: PatientFile, document_id: UUID, number: int) -> HttpResponse:
    """One page, drawn anew as PNG: nothing of the original's code or metadata reaches the browser."""
    row = _row(file, document_id)
    if not 1 <= number <= row.pages:
        raise Http404
    handle = open_part(request, file, Part.DOCUMENT, action="preview")
    try:
        drawn = page_as_png(document_bytes(handle, row), row.content_type, page=number - 1)
    except Refused as refused:
        return HttpResponse(str(refused.refusal.message), status=422, content_type="text/plain")
    return guarded(HttpResponse(drawn, content_type="image/png"))


@require_safe
@of_file
def download(request: Visit, file: PatientFile, document_id: UUID) -> HttpResponse:
    """The original, as an attachment that no browser opens by itself."""
    row = _row(file, document_id)
    handle = open_part(request, file, Part.DOCUMENT, action="download")
    return as_attachment(open_document(handle, row), document_bytes(handle, row))


def as_attachment(document: OpenDocument, data: bytes) -> HttpResponse:
    """The original as it came, to be saved and not shown."""
    response = HttpResponse(data, content_type=document.row.content_type)
    response["Content-Disposition"] = attachment_name(document)
    return guarded(response)


def _row(file: PatientFile, document_id: UUID) -> Document:
    return get_object_or_404(queries.documents_of(file), pk=document_id)


def _add(request: Visit, file: PatientFile, form: DocumentForm) -> bool:
    upload = form.upload()
    try:
        actions.add_document(
            file=file,
            source=cast(Any, upload),
            name=upload.name or "",
            title=form.cleaned_data["title"],
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        form.add_error("document", str(refused.refusal.message))
        return False
    except Fault:
        form.add_error(
            "document", _("The storage of files doesn't answer now: nothing was stored. Try again in a few minutes.")
        )
        return False
    return True


def guarded(response: HttpResponse) -> HttpResponse:
    """Whatever the bytes are, the browser runs none of them and keeps none."""
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def attachment_name(document: OpenDocument) -> str:
    """A header with the title as file name, in ASCII and in full (RFC 6266); the type's own ending."""
    ending = EXTENSIONS[document.row.content_type]
    stem = re.sub(r"[^\w .()-]", "_", document.title.rsplit(".", 1)[0]).strip(" .") or "document"
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode() or "document"
    return f"attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{quote(stem)}.{ending}"
