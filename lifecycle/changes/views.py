"""The page of a change of the policy: what is new, word by word, and the answer where one is asked for (MD-13)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.patients.queries import is_patient
from accounts.queries import profile_of, signed_in
from accounts.stepup import safe_next
from audit.requests import HouseRequest
from consents import notices, rendering
from consents import queries as texts
from lifecycle.changes import actions, queries
from lifecycle.changes.forms import AnswerForm
from lifecycle.changes.queries import Standing
from lifecycle.changes.rules import Answer
from privacy.clocks import legal_day
from privacy.refusals import Refused


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HouseRequest) -> HttpResponse:
    """What changes, for whom is signed in; who has nothing to look at goes to the policy itself."""
    if request.method == "POST":
        return _answered(request)
    return _page(request, safe_next(request, request.GET.get("next", "")))


def _answered(request: HouseRequest) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        problem = _("We couldn't read which answer you meant. Nothing was changed: choose it again below.")
        return _page(request, "", problem=problem, status=400)
    said, then = Answer(form.cleaned_data["said"]), safe_next(request, form.cleaned_data["next"])
    try:
        actions.answer(
            account_id=signed_in(request).pk, said=said, asked=form.cleaned_data["asked"],
            language=get_language() or "en", label=_label(said), by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        return _page(request, then, problem=str(refused), status=409)
    if said is Answer.ACCEPT:
        messages.success(request, _("You accepted the policy in force. Everything goes on as before."))
    return redirect("lifecycle:change" if said is Answer.REFUSE else then or reverse("home"))


def _page(request: HouseRequest, then: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    account = signed_in(request)
    standing = queries.standing_of(account, request.now)
    if standing is None:
        return redirect("consents:policy")
    context = {
        "standing": standing, "next": then, "problem": problem, "ways": _ways(request), **_words(request, standing),
    }  # fmt: skip
    return render(request, "lifecycle/changes/change.html", context, status=status)


def _words(request: HouseRequest, standing: Standing) -> dict[str, Any]:
    """The two wordings and what is different: against the version the person accepted, where an answer is asked for."""
    asks = standing.owed or standing.refused
    newest = max(standing.number, queries.in_force_number(legal_day(request.now))) if asks else standing.number
    known = queries.accepted_number(signed_in(request).pk, request.now) if asks else 0
    rows = {one.number: one for one in texts.policies(get_language() or "en")}
    new, old = rows[newest], rows[known or newest - 1]
    return {
        "old": old, "new": new, "sections": rendering.by_section(old.content, new.content),
        "wording": notices.parse(rows[standing.number].content), "wording_language": new.language,
    }  # fmt: skip


def _ways(request: HouseRequest) -> list[tuple[str, str]]:
    """What stays open to who refuses."""
    account = signed_in(request)
    found = []
    if profile_of(account):
        found += [
            (reverse("gdpr:overview"), _("My data & privacy")),
            (reverse("lifecycle:deletion"), _("Delete my account")),
        ]
    if is_patient(account.pk):
        found += [
            (reverse("patient_privacy:overview"), _("My data & privacy, as a patient")),
            (reverse("lifecycle:closing"), _("Close my account as a patient")),
        ]
    return found


def _label(said: Answer) -> str:
    """The words on the button, for the ledger."""
    labels = {
        Answer.SEEN: _("I have seen it"),
        Answer.ACCEPT: _("I accept this version"),
        Answer.REFUSE: _("I don't accept it"),
    }
    return labels[said]
