"""Invoices and signatures at Scell.io as their practitioner sees them, each signature with its true level and its kept files (PC-94)."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from adapters.models import Dossier, Proof
from adapters.scell import queries, wording
from adapters.scell.api import KEY
from adapters.scell.work import Altered
from gdpr_requests.integrations.actions import take_file
from records.views.documents import guarded
from vault.errors import SealBroken

PER_PAGE = 10
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice or signature in words. ``level`` is empty where there is none, or none yet; ``level_said`` is the provider's own word."""

    kind: str
    state: str
    asked_at: datetime
    changed_at: datetime
    signature: bool
    level: str
    level_said: str
    trial: bool
    files: list[tuple[Proof, str]]


def page_of(account_id: UUID, number: str) -> Page[Dossier]:
    """One page of an account's dossiers."""
    return Paginator(queries.dossiers_of(account_id), PER_PAGE).get_page(number)


def rows(account_id: UUID, page: Page[Dossier]) -> list[Row]:
    """The dossiers of a page in words, their files by one query."""
    dossiers = list(page)
    kept = queries.proofs_of(account_id, dossiers)
    return [_row(one, kept.get(one.pk, [])) for one in dossiers]


def _row(one: Dossier, files: list[Proof]) -> Row:
    return Row(
        kind=_(wording.KINDS[one.kind]), state=_(wording.STATES[one.kind][one.state]), asked_at=one.asked_at,
        changed_at=one.changed_at, signature=one.kind == "signature", level=_(one.level_words) if one.level_words else "",
        level_said=one.level_said, trial=one.sandbox, files=[(file, _(wording.FILES[file.what])) for file in files],
    )  # fmt: skip


@fresh_factor
@require_safe
def download(request: SignedInRequest, proof_id: int) -> HttpResponseBase:
    """A kept file, the same to the byte; each download is a line of the access journal."""
    try:
        proof, content = take_file(account_id=request.user.pk, proof_id=proof_id, by=request.actor, now=request.now)
    except Proof.DoesNotExist as none:
        raise Http404 from none
    except (Altered, SealBroken):
        log.exception("proof %s isn't what was kept", proof_id)
        words = _(
            "This file isn't the one that was kept, so it isn't handed out. Our team is told; write to us if you need it."
        )
        messages.error(request, words)
        return redirect("gdpr:integration", KEY)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{proof.what}-{proof.dossier_id}.pdf"'
    return guarded(answer)
