"""The pages of the team: who is in it, who is asked in, the agreement, and who may see what."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries import account_by_email, session_holds_factor
from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from care.agreement import in_force
from care.models import Membership, StaffInvitation
from care.roles import RECIPIENTS, TEAM
from care.team import actions, queries
from care.team.forms import InviteForm, JoinForm, JoinWithAccountForm, SignForm
from care.team.rules import why_not_join
from privacy.clocks import legal_day
from privacy.refusals import Refused


@require_safe
def recipients(request: HouseRequest) -> HttpResponse:
    """Who may see what, from the classes themselves (MD-40)."""
    return render(request, "care/recipients.html", {"recipients": list(RECIPIENTS.values())})


@require_safe
def team(request: SignedInRequest) -> HttpResponse:
    """The team of one's practice, what each has signed, and the invitations that wait."""
    mine = _owned(request)
    context = {
        "practice": mine.practice,
        "members": [(one, RECIPIENTS[one.role].name) for one in queries.team_of(mine.practice_id)],
        "waiting": queries.waiting(mine.practice_id, request.now),
        "number": queries.current_number(request.now),
    }
    return render(request, "care/team.html", context)


@fresh_factor
@require_http_methods(["GET", "POST"])
def invite(request: SignedInRequest) -> HttpResponse:
    """Ask somebody into the team."""
    mine = _owned(request)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.invite(practice=mine.practice, **form.cleaned_data, by=request.actor, now=request.now)
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            messages.success(request, _("The invitation is on its way. Nothing is open before they sign."))
            return redirect("care:team")
    roles = [RECIPIENTS[key] for key in TEAM]
    return render(request, "care/invite.html", {"form": form, "roles": roles}, status=422 if form.errors else 200)


@require_POST
def revoke(request: SignedInRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    mine = _owned(request)
    row = next((one for one in queries.waiting(mine.practice_id, request.now) if one.pk == invitation_id), None)
    if row is None:
        raise Http404
    actions.revoke(invitation=row, by=request.actor, now=request.now)
    messages.success(request, _("The invitation is taken back: its link is worth nothing."))
    return redirect("care:team")


@fresh_factor
@require_http_methods(["GET", "POST"])
def end(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Show a member out, after saying what that does."""
    try:
        member = queries.member_for(request.user, membership_id)
    except Membership.DoesNotExist as stranger:
        raise Http404 from stranger
    if request.method == "POST":
        actions.end_access(membership=member, by=request.actor, now=request.now)
        messages.success(request, _("Their access has ended, and every session of theirs with it."))
        return redirect("care:team")
    return render(request, "care/end.html", {"member": member, "role": RECIPIENTS[member.role].name})


@require_http_methods(["GET", "POST"])
def join(request: HouseRequest, token: str) -> HttpResponse:
    """Where the link of an invitation leads: make the account, or join with the one that has this address."""
    invitation = queries.invitation_by(token)
    if invitation is None or why_not_join(invitation, works_elsewhere=False, now=request.now):
        return render(request, "care/join_over.html", status=410)
    known = account_by_email(invitation.email)
    if known is not None and request.user != known:
        return render(request, "care/join_sign_in.html", {"invitation": invitation, "back": request.path})
    form = (
        JoinForm(request.POST or None) if known else JoinWithAccountForm(request.POST or None, email=invitation.email)
    )
    if request.method == "POST" and form.is_valid() and _joined(request, invitation, form):
        messages.success(
            request, _("You are in the team. Sign in, add a factor that you hold, then sign the agreement.")
        )
        return redirect("care:agreement")
    context = {"form": form, "invitation": invitation, "role": RECIPIENTS[invitation.role]}
    return render(request, "care/join.html", context, status=422 if form.errors else 200)


def _joined(request: HouseRequest, invitation: StaffInvitation, form: JoinForm) -> bool:
    name, known = form.cleaned_data["name"], account_by_email(invitation.email)
    try:
        if known is not None:
            actions.accept(invitation=invitation, user=known, name=name, by=request.actor, now=request.now)
        else:
            actions.sign_up(
                invitation=invitation, password=form.cleaned_data["password"], name=name, language=get_language() or "en",
                by=request.actor, now=request.now,
            )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    return True


@require_http_methods(["GET", "POST"])
def agreement(request: SignedInRequest) -> HttpResponse:
    """The confidentiality agreement in force, to be read and signed before anything else opens (MD-41)."""
    membership = queries.unsigned(request.user, request.now)
    if membership is None:
        raise Http404
    if not session_holds_factor(request.user):
        return redirect("accounts:protect")
    text = in_force(legal_day(request.now), get_language() or "en")
    form = SignForm(request.POST or None, initial={"number": text.number})
    if request.method == "POST" and form.is_valid() and _signed(request, form):
        messages.success(request, _("Signed. Welcome to the practice."))
        return redirect(reverse("records:today"))
    context = {"text": text, "form": form, "membership": membership, "blocks": _blocks(text.body)}
    return render(request, "care/agreement.html", context, status=422 if form.errors else 200)


def _signed(request: SignedInRequest, form: SignForm) -> bool:
    try:
        actions.sign_agreement(
            user=request.user, number=form.cleaned_data["number"], agreed=form.cleaned_data["agreed"],
            language=get_language() or "en", by=request.actor, now=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _blocks(body: str) -> list[tuple[bool, list[str]]]:
    """Paragraphs and lists of a text, in order."""
    found = [block.splitlines() for block in body.strip().split("\n\n")]
    return [(lines[0].startswith("- "), [line.removeprefix("- ") for line in lines]) for lines in found]


def _owned(request: SignedInRequest) -> Membership:
    mine = queries.owned_practice(request.user)
    if mine is None:
        raise PermissionDenied
    return mine
