"""The buttons of a draft's page that ask a machine, and decide on what it wrote."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from adapters.assemblyai import SOUND
from privacy.refusals import Refused
from records import queries
from records.assist import actions
from records.assist.queries import open_of
from records.assist.uploads import Sounds
from records.models import Consultation, ConsultationStatus, PatientFile
from records.uploads import refuse
from records.views.frame import Visit, of_file


class SoundForm(forms.Form):
    """The recording of a visit."""

    sound = forms.FileField(error_messages={"required": gettext_lazy("Choose the recording first.")}, required=True)


@csrf_exempt  # that a file is sound must be said before the form is read; the inner view is protected
def ask(request: Visit, file_id: UUID, consultation_id: UUID) -> HttpResponseBase:
    """Ask for a draft, or for the transcript of a recording."""
    request.upload_handlers = [Sounds(request)]
    return _ask(request, file_id, consultation_id)


@csrf_protect
@require_POST
@of_file
def _ask(request: Visit, file: PatientFile, consultation_id: UUID) -> HttpResponse:
    row = _draft(file, consultation_id)
    try:
        if "sound" in request.FILES or "transcript" in request.POST:
            _ask_for_transcript(request, row)
        else:
            actions.ask_for_draft(consultation=row, by=request.actor, now=request.now)
            messages.success(request, _("The draft is being written, without names. Reload this page in a moment."))
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
    return redirect("records:consultation", file.pk, row.pk)


@require_POST
@of_file
def decide(request: Visit, file: PatientFile, consultation_id: UUID, suggestion_id: UUID) -> HttpResponse:
    """Take over what a machine wrote, or turn it down."""
    row = _draft(file, consultation_id)
    found = get_object_or_404(open_of(row), pk=suggestion_id)
    try:
        if "accept" in request.POST:
            actions.accept(suggestion=found, by=request.actor, now=request.now)
            messages.success(request, _("Taken over into your draft. Read it, change it, then sign."))
        elif "decline" in request.POST:
            actions.decline(suggestion=found, by=request.actor, now=request.now)
            messages.success(request, _("Turned down: the text is gone."))
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
    return redirect("records:consultation", file.pk, row.pk)


def _ask_for_transcript(request: Visit, row: Consultation) -> None:
    form = SoundForm(request.POST, request.FILES)
    refuse(form, request)
    if not form.is_valid():
        messages.error(request, str(form.errors["sound"][0]))
        return
    sound = form.cleaned_data["sound"].read(SOUND + 1)
    actions.ask_for_transcript(consultation=row, sound=sound, by=request.actor, now=request.now)
    messages.success(request, _("The recording is being turned into text. Reload this page in a few minutes."))


def _draft(file: PatientFile, consultation_id: UUID) -> Consultation:
    return get_object_or_404(queries.consultations_of(file), pk=consultation_id, status=ConsultationStatus.DRAFT)
