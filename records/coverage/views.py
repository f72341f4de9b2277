"""The button of a file's page that asks the payer."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from privacy.refusals import Refused
from records.coverage import actions
from records.models import PatientFile
from records.views.frame import Visit, of_file


@require_POST
@of_file
def ask(request: Visit, file: PatientFile) -> HttpResponse:
    """Ask whether the patient is covered today."""
    try:
        actions.ask_payer(file=file, by=request.actor, now=request.now)
        messages.success(request, _("The payer is being asked. Reload this page in a moment."))
    except Refused as refused:
        messages.error(request, str(refused.refusal.message))
    return redirect("records:file", file.pk)
