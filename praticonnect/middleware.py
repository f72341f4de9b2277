"""What every request gets: one moment, one actor, and headers that forbid by default."""

from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.actors import Actor
from audit.requests import HouseRequest
from care.team.queries import Standing, standing_of
from privacy.browser import permissions_policy

Handler = Callable[[HttpRequest], HttpResponse]

PERMISSIONS = permissions_policy()


class SecurityHeaders:
    """Headers Django has no setting for; pages with a person's data are never cached."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers on the way out."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if hasattr(request, "user") and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class RequestContext:
    """Reads the clock once and says who acts and where (``request.now``, ``.actor``, ``.practice_ids``)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HouseRequest) -> HttpResponse:
        """Set the moment and the actor, then pass on."""
        request.now = timezone.now()
        user = request.user
        standing = standing_of(user, request.now) if user.is_authenticated else None
        request.practice_ids = standing.practice_ids if standing else ()
        request.actor = actor_of(request, standing)
        return self.get_response(request)


def actor_of(request: HouseRequest, standing: Standing | None) -> Actor:
    """The author of this request: ids and a role, from the session, the connection and the practices."""
    user = request.user
    session_key = request.session.session_key or ""
    return Actor(
        account_id=user.pk if user.is_authenticated else None,
        role=_role(request, standing),
        practice_id=next(iter(request.practice_ids), None),
        session_ref=sha256(session_key.encode()).hexdigest()[:16] if session_key else "",
        ip=get_adapter().get_client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:200],
        request_id=uuid4().hex,
    )


def _role(request: HttpRequest, standing: Standing | None) -> str:
    if not request.user.is_authenticated:
        return "anonymous"
    if standing:
        return standing.role
    return "dpo" if request.user.is_staff else "account"
