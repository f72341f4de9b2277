"""Before a video visit: refused with words and ways, or camera and microphone are tried out. Nothing is recorded or sent (MD-02)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from privacy.browser import permissions_policy
from records.portal.frame import Visit, of_link
from records.portal.visits import OTHER_WAYS, NoVideo, refusal_of


@require_safe
@of_link()
def video(request: HouseRequest, visit: Visit) -> HttpResponse:
    """The device check, for whoever may be seen by video; only this answer lets the browser ask for the devices."""
    refusal = refusal_of(visit.link, visit.file, request.now)
    if refusal is not None:
        context = {"link": visit.link, "refusal": refusal, "mend_url": _mend(visit, refusal)}
        return render(request, "patient/no_video.html", context, status=403)
    response = render(request, "patient/device_check.html", {"link": visit.link, "ways": OTHER_WAYS})
    response.headers["Permissions-Policy"] = permissions_policy("camera", "microphone")
    return response


def _mend(visit: Visit, refusal: NoVideo) -> str:
    """Where what is missing is given: on the page of the choices for this file, or at its questionnaire."""
    if refusal.page == "patient_privacy:consents":
        return f"{reverse(refusal.page)}?about={visit.link.pk}"
    return reverse(refusal.page, args=[visit.link.pk]) if refusal.page else ""
