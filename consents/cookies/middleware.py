"""At the edge: no cookie leaves that isn't in the register, and a visit is counted after its answer was sent."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consents.cookies import audience
from consents.cookies.register import undeclared

Handler = Callable[[HttpRequest], HttpResponse]
_log = logging.getLogger(__name__)


class Cookies:
    """Comes before whatever sets a cookie, so that it sees all of them on their way out."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Strike what isn't declared, and have the visit counted once the answer is out."""
        response = self.get_response(request)
        for name in undeclared(response.cookies.values()):
            del response.cookies[name]
            _log.error("a cookie that isn't in the register was struck: %s", name)
        now = getattr(request, "now", None)  # none when the request was refused before the house saw it
        if now and (page := audience.page_of(request, response, now)):
            after_answer(response, lambda: audience.count(page, now))
        return response


def after_answer(response: HttpResponse, act: Callable[[], None]) -> None:
    """Run ``act`` when the server closes the answer: its last byte is sent by then."""
    close = response.close

    def act_and_close() -> None:
        try:
            act()
        finally:
            close()

    response.close = act_and_close  # type: ignore[method-assign]  # the one hook of WSGI that comes after the answer
