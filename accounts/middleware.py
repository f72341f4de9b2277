"""Sessions that are over end here; pages come in the language the account chose."""

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import sessions
from audit.actions import record_security
from audit.requests import HouseRequest

Handler = Callable[[HouseRequest], HttpResponse]


class SessionLimitsMiddleware:
    """Signs out a session that was idle or open for too long. Comes after authentication and after `request.now`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HouseRequest) -> HttpResponse:
        if sessions.signed_in(request.user):
            if sessions.is_over(request, request.user):
                self._sign_out(request)
            else:
                sessions.touch(request)
        return self.get_response(request)

    def _sign_out(self, request: HouseRequest) -> None:
        record_security(by=request.actor, kind="session.timed_out", account_id=request.user.pk, now=request.now)
        logout(request)
        request.actor = replace(request.actor, account_id=None, role="anonymous", practice_id=None)
        messages.info(
            request, _("You were signed out because the session was idle or open for too long. What you saved is safe.")
        )


class AccountLanguageMiddleware:
    """The account's language wins over the browser's. Comes after authentication and LocaleMiddleware."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HouseRequest) -> HttpResponse:
        if sessions.signed_in(request.user) and request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
