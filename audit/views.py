"""The public part of the ledger: the keys that verify our signatures."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from audit.signing import published_keys


@require_safe
@cache_control(public=True, max_age=3600)
def public_keys(request: HttpRequest) -> JsonResponse:
    """The public keys as a JSON Web Key Set: receipts and proofs are verified with them, offline."""
    return JsonResponse(published_keys(), json_dumps_params={"indent": 2})
