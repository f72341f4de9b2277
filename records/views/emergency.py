"""Opening a colleague's patient in an emergency, and the owner's reviews of it (MD-42)."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.stepup import fresh_factor
from care.models import EmergencyAccess
from care.queries import practice_of
from care.team.queries import owned_practice
from privacy.refusals import Refused
from records import emergency as emergencies
from records.forms import BirthDateField
from records.views.frame import Visit

PER_PAGE = 50


class EmergencyForm(forms.Form):
    """Whom, what kind of emergency, and why."""

    surname = forms.CharField(label=gettext_lazy("Surname"), max_length=100)
    birth_date = BirthDateField(
        label=gettext_lazy("Birth date"), help_text=gettext_lazy("Day, month and year, as 29/02/1984.")
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What kind of emergency?"), choices=EmergencyAccess.Kind.choices, widget=forms.RadioSelect
    )
    why = forms.CharField(
        label=gettext_lazy("Why you open it"),
        max_length=2000,
        help_text=gettext_lazy("It stays with the file, is reviewed, and the patient may read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReviewForm(forms.Form):
    """What the review found."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("What did you find?"), choices=EmergencyAccess.Verdict.choices, widget=forms.RadioSelect
    )


@fresh_factor
@require_http_methods(["GET", "POST"])
def emergency(request: Visit) -> HttpResponse:
    """Find one file by surname and birth date, say why, and open it for an hour."""
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (file_id := _opened(request, form)):
        messages.warning(
            request, _("The file is open to you for an hour, to read. The practitioner in charge was told.")
        )
        return redirect("records:file", file_id)
    return render(request, "records/emergency.html", {"form": form}, status=422 if form.errors else 200)


def _opened(request: Visit, form: EmergencyForm) -> UUID | None:
    practice = practice_of(request.user)
    if practice is None:
        raise Http404
    typed = form.cleaned_data
    found = emergencies.found_by(request.user, practice.pk, typed["surname"], typed["birth_date"], request.now)
    if len(found) != 1:
        form.add_error("surname", _NONE if not found else _SEVERAL)
        return None
    try:
        emergencies.open_in_emergency(
            file_id=found[0], kind=typed["kind"], why=typed["why"], by=request.actor, now=request.now
        )
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return None
    return found[0]


@require_safe
def reviews(request: Visit) -> HttpResponse:
    """Every emergency opening of one's practice: what waits for a review first."""
    rows = emergencies.emergencies_of(_owned(request))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "records/emergencies.html", {"page": page, "now": request.now})


@require_http_methods(["GET", "POST"])
def review(request: Visit, emergency_id: UUID) -> HttpResponse:
    """One opening with its reason, and the owner's verdict on it."""
    row = emergencies.emergencies_of(_owned(request)).filter(pk=emergency_id).first()
    if row is None:
        raise Http404
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            emergencies.review(emergency_id=row.pk, **form.cleaned_data, by=request.actor, now=request.now)
        except Refused as refused:
            form.add_error(None, str(refused.refusal.message))
        else:
            messages.success(request, _("The review is recorded."))
            return redirect("records:emergencies")
    why = emergencies.reason_of(row, by=request.actor, now=request.now)
    own = row.account_id == request.user.pk
    context = {"row": row, "why": why, "form": form, "own": own, "now": request.now}
    return render(request, "records/emergency_review.html", context, status=422 if form.errors else 200)


def _owned(request: Visit) -> UUID:
    mine = owned_practice(request.user)
    if mine is None:
        raise PermissionDenied
    return mine.practice_id


_NONE = gettext_lazy("No file fits this surname and birth date. Check both.")
_SEVERAL = gettext_lazy("Several files fit. Ask the practitioner or the emergency services which one it is.")
