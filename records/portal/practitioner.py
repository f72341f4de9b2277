"""The page of a file where the practitioner lets the patient in, and sees who looks in."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from care.portal import actions as care
from care.queries import invitations_to, links_to
from privacy.clocks import legal_day
from privacy.refusals import Refused
from records.models import Consultation, Document, PatientFile
from records.portal import actions, content
from records.portal.forms import InvitationForm
from records.portal.matching import is_identified
from records.portal.queries import live_share, versions_of
from records.portal.questions import in_words
from records.queries import consultations_of, documents_of
from records.reading import Part, texts_of
from records.views.frame import Visit, of_file, open_part, show

SHOWN: Final = 20


@require_http_methods(["GET", "POST"])
@of_file
def portal(request: Visit, file: PatientFile) -> HttpResponse:
    """Invite, take back, send again, end: each a button of this page."""
    act = next((one for name, one in ACTS.items() if name in request.POST), None)
    if request.method == "POST" and act:
        act(request, file)
        return redirect("records:portal", file.pk)
    form = InvitationForm(request.POST or None, today=legal_day(request.now))
    secret = _invite(request, file, form) if request.method == "POST" and form.is_valid() else None
    if secret == "":
        return redirect("records:portal", file.pk)
    handle = open_part(request, file, Part.PORTAL)
    texts = texts_of(handle, file)
    if request.method == "GET":
        form = InvitationForm(initial={"email": texts["email"], "capacity": "self"}, today=legal_day(request.now))
    rows = [(one, handle.read(one, "email"), one.waits(request.now)) for one in invitations_to(file.pk)[:SHOWN]]
    return show(
        request, "portal", file, handle, tab=Part.PORTAL, form=form, identified=is_identified(texts), code=secret,
        invitations=rows, links=links_to(file.pk, request.now),
        latest=versions_of(file).first(), status=422 if form.errors else 200,
    )  # fmt: skip


def _invite(request: Visit, file: PatientFile, form: InvitationForm) -> str | None:
    """The code to show at the desk; "" when a mail is on its way; None when it was refused, and the form says why."""
    try:
        invitation, secret = actions.invite(
            file=file, **form.values(), language=get_language() or "en", by=request.actor, now=request.now
        )
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None
    if invitation.channel == invitation.Channel.DESK:
        return secret
    messages.success(request, _("The invitation is on its way. It works once, for 14 days."))
    return ""


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _revoke(request: Visit, file: PatientFile) -> None:
    row = get_object_or_404(invitations_to(file.pk), pk=_id(request.POST["revoke"]))
    if care.revoke(invitation=row, by=request.actor, now=request.now):
        messages.success(request, _("Taken back: its link opens nothing any more."))


def _resend(request: Visit, file: PatientFile) -> None:
    row = get_object_or_404(invitations_to(file.pk), pk=_id(request.POST["resend"]))
    language = get_language() or "en"
    try:
        sent = actions.resend(invitation=row, file=file, language=language, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
        return
    if sent:
        messages.success(request, _("A new link is on its way; the earlier one opens nothing any more."))
    else:
        messages.info(request, _("That invitation is over. Invite the person again."))


def _end(request: Visit, file: PatientFile) -> None:
    row = get_object_or_404(links_to(file.pk, request.now), pk=_id(request.POST["end"]))
    if care.end_link(link=row, by=request.actor, now=request.now):
        messages.success(request, _("Ended: the account sees nothing of this file from now on."))


ACTS: Final[dict[str, Callable[[Visit, PatientFile], None]]] = {"revoke": _revoke, "resend": _resend, "end": _end}


@require_POST
@of_file
def share(request: Visit, file: PatientFile) -> HttpResponse:
    """Show a document or a signed consultation in the portal, or take it back; then to its page again."""
    name, page = (
        ("document", "records:document") if "document" in request.POST else ("consultation", "records:consultation")
    )
    wanted = _id(request.POST.get(name, ""))
    thing: Document | Consultation
    if name == "document":
        thing = get_object_or_404(documents_of(file), pk=wanted)
    else:
        thing = get_object_or_404(consultations_of(file), pk=wanted)
    live = live_share(file, **{f"{name}_id": thing.pk})
    if "withdraw" in request.POST and live:
        content.withdraw_share(share=live, by=request.actor, now=request.now)
        messages.success(request, _("Taken back: the portal doesn't show it any more."))
    elif "withdraw" not in request.POST:
        _share(request, file, thing)
    return redirect(page, file.pk, thing.pk)


def _share(request: Visit, file: PatientFile, thing: Document | Consultation) -> None:
    try:
        content.share(file=file, thing=thing, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
    else:
        messages.success(request, _("Shared: whoever is linked to this file reads it in the portal."))


@require_safe
@of_file
def questionnaire(request: Visit, file: PatientFile) -> HttpResponse:
    """The medical questionnaire, the latest version or an earlier one (MD-03)."""
    versions = list(versions_of(file))
    asked = request.GET.get("version", "")
    row = next((one for one in versions if str(one.number) == asked), versions[0] if versions else None)
    handle = open_part(request, file, Part.QUESTIONNAIRE)
    answers = in_words(handle.read(row, "answers")) if row else []
    return show(request, "questionnaire", file, handle, tab=Part.PORTAL, versions=versions, row=row, answers=answers)
