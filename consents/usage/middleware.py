"""At the edge: a use of a feature is counted after its answer is out, for those who agree to it (PC-19)."""

import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from accounts.queries import signed_in
from audit.requests import HouseRequest
from consents.cookies.middleware import after_answer
from consents.grants import NoGrant, grant_for
from consents.usage.actions import record_use
from consents.usage.features import PAGES, Feature, device_of
from consents.usage.ledger import KEY

Handler = Callable[[HouseRequest], HttpResponse]
_log = logging.getLogger(__name__)


class Usage:
    """Sees which page was answered, by its name in the house; never its arguments, its content or the address it went to."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HouseRequest) -> HttpResponse:
        """Answer; what is counted is counted when nobody waits for it any more."""
        response = self.get_response(request)
        if feature := feature_of(request, response):
            after_answer(response, lambda: count(request, feature))
        return response


def feature_of(request: HttpRequest, response: HttpResponse) -> Feature | None:
    """The feature that a page counts as: a whole page that was shown to somebody signed in, and is in the list."""
    match = request.resolver_match
    shown = request.method == "GET" and response.status_code == 200 and "HX-Request" not in request.headers
    if not shown or match is None or not request.user.is_authenticated:
        return None
    return PAGES.get(match.view_name)


def count(request: HouseRequest, feature: Feature) -> None:
    """One use more, if its person agrees at this moment. A count that can't be written is dropped: it is worth no error."""
    try:
        grant = grant_for(signed_in(request).pk, KEY, now=request.now)
        record_use(grant=grant, feature=feature, device=device_of(request.actor.user_agent), now=request.now)
    except NoGrant:
        return
    except DatabaseError as fault:
        _log.warning("a use could not be counted: %s", type(fault).__name__)
