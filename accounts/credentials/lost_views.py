"""Pages of lost credentials: asked by anybody, confirmed by the mailbox or the session, issued anew with a code (MD-51).

What a visitor is answered is the same whether an account has the address or not.
"""

from base64 import b64encode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.credentials import cuts, issuing, links
from accounts.credentials.links import Kind
from accounts.credentials.lost_forms import AskForm, IssueForm, LostForm
from accounts.credentials.models import CredentialCut, CredentialLink
from audit.requests import HouseRequest

TOO_MANY = 429


@require_http_methods(["GET", "POST"])
def lost(request: HouseRequest) -> HttpResponse:
    """Anybody types an address; its mailbox gets a link, or learns that no account has it."""
    form = AskForm(_posted(request))
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/lost.html", {"form": form}, status=422 if form.errors else 200)
    email = form.cleaned_data["email"].lower()
    if not ratelimit.consume(request, app="allauth.account", action="lost", key=email):
        form.add_error(None, get_adapter().error_messages["rate_limited"])
        return render(request, "accounts/lost.html", {"form": form}, status=TOO_MANY)
    user = queries.account_by_email(email)
    if user is not None and user.is_active:
        cuts.send_link(user=user, by=request.actor, now=request.now)
    else:
        send_unknown_account_mail(request, email)
    return redirect("accounts:lost_sent")


@require_safe
def lost_sent(request: HouseRequest) -> HttpResponse:
    """Look into the mailbox."""
    return render(request, "accounts/lost_sent.html")


@never_cache
@require_http_methods(["GET", "POST"])
def lost_confirm(request: HouseRequest, token: str) -> HttpResponse:
    """What the link opens: say what is lost, and it is cut."""
    link = links.find(token, Kind.LOST, request.now)
    if link is None:
        return render(request, "accounts/lost_confirm.html", {"over": True}, status=404)
    form = LostForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        row = cuts.cut_by_link(token=token, lost=form.cleaned_data["lost"], by=request.actor, now=request.now)
        if row is None:
            return render(request, "accounts/lost_confirm.html", {"over": True}, status=404)
        return _cut_page(request, row)
    context = {"form": form, "held": queries.has_held_factor(link.user)}
    return render(request, "accounts/lost_confirm.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def lost_here(request: HouseRequest) -> HttpResponse:
    """The same for somebody who is signed in. It takes no fresh proof: who lost the phone has none, and nothing is opened by it."""
    user = queries.signed_in(request)
    form = LostForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        row = cuts.cut(
            user=user, lost=form.cleaned_data["lost"], said=cuts.Said.OWNER, by=request.actor, now=request.now
        )
        return _cut_page(request, row)
    context = {"form": form, "held": queries.has_held_factor(user), "here": True}
    return render(request, "accounts/lost_confirm.html", context, status=422 if form.errors else 200)


def _posted(request: HouseRequest) -> QueryDict | None:
    """What was posted, be it nothing: then each field says what is missing."""
    return request.POST if request.method == "POST" else None


def _cut_page(request: HouseRequest, row: CredentialCut) -> HttpResponse:
    """What was cut, and what follows; this browser's session is over too."""
    logout(request)
    return render(request, "accounts/lost_done.html", {"cut": row})


@never_cache
@require_http_methods(["GET", "POST"])
def issue(request: HouseRequest, token: str) -> HttpResponse:
    """New credentials: the link, the code that was told, a new password and a new app, all at once."""
    link = links.find(token, Kind.ISSUE, request.now)
    if link is None or link.cut is None:
        return render(request, "accounts/issue.html", {"over": True}, status=404)
    needs_app = issuing.needs_app(link.cut)
    form = IssueForm(link.user, _secret(request), _posted(request), needs_app=needs_app)
    if request.method == "POST" and form.is_valid() and _issued(request, link, form):
        return redirect("account_login")
    context = {"form": form, "needs_app": needs_app, "secret": form.secret, "qr": _qr(link, form.secret)}
    return render(request, "accounts/issue.html", context, status=422 if form.errors else 200)


def _issued(request: HouseRequest, link: CredentialLink, form: IssueForm) -> bool:
    """Try it; a wrong code is said at its field."""
    said = form.cleaned_data
    if not issuing.finish(
        link_id=link.pk, code=said["told"], password=said["password"], secret=form.app_secret(), by=request.actor,
        now=request.now,
    ):  # fmt: skip
        form.add_error("told", _("This code is not right, or the link is over. Read it again, or call our office."))
        return False
    request.session.pop(SECRET_SESSION_KEY, None)
    messages.success(request, _("Your new credentials are in force. Sign in with them now."))
    return True


def _secret(request: HouseRequest) -> str:
    """The secret of the app that is being set up in this browser (sealed with the session)."""
    secret: str = request.session.setdefault(SECRET_SESSION_KEY, generate_totp_secret())
    return secret


def _qr(link: CredentialLink, secret: str) -> str:
    """The picture to scan, as a data address."""
    factors = get_factor_adapter()
    picture: str = factors.build_totp_svg(factors.build_totp_url(link.user, secret))
    return "data:image/svg+xml;base64," + b64encode(picture.encode()).decode()
