"""Pages of a patient's own account: sign-up, the patient's side of an account that exists, identity."""

from allauth.account.views import SignupView
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import queries, stepup
from accounts.patients import actions
from accounts.patients.forms import IdentityForm, PatientFields, PatientSignupForm
from accounts.patients.queries import is_patient
from audit.requests import HouseRequest


class PatientSignup(SignupView):
    """allauth's, with a patient's form."""

    template_name = "patient/signup.html"
    form_class = PatientSignupForm

    def get_form_class(self) -> type[PatientSignupForm]:
        return PatientSignupForm


signup = PatientSignup.as_view()


@require_http_methods(["GET", "POST"])
def start(request: HouseRequest) -> HttpResponse:
    """Somebody who has an account already opens its patient's side."""
    user = queries.signed_in(request)
    back = stepup.safe_next(request, request.POST.get("next") or request.GET.get("next", ""))
    if is_patient(user.pk):
        return redirect(back or "patient:home")
    form = PatientFields(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.become_patient(user=user, profile=form.profile_values(), by=request.actor, now=request.now)
        return redirect(back or "patient:home")
    return render(request, "patient/start.html", {"form": form, "next": back}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def identity(request: HouseRequest) -> HttpResponse:
    """Who the patient is, shown and changed (MD-02)."""
    user = queries.signed_in(request)
    form = IdentityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = actions.change_identity(user=user, values=form.profile_values(), by=request.actor, now=request.now)
        messages.success(request, _("Saved.") if changed else _("Nothing was different, so nothing changed."))
        return redirect("accounts:patient_identity")
    if request.method == "GET":
        form = IdentityForm(initial=_as_typed(actions.identity_of(user, by=request.actor, now=request.now)))
    return render(request, "patient/identity.html", {"form": form}, status=422 if form.errors else 200)


def _as_typed(said: dict[str, str]) -> dict[str, str]:
    """With the birth date as people write it."""
    return said | {"birth_date": "/".join(reversed(said["birth_date"].split("-")))}
