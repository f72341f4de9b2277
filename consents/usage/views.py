"""What is stored of one's own use, entry by entry."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.queries import signed_in
from audit.requests import HouseRequest
from consents.queries import is_live
from consents.usage import queries
from consents.usage.ledger import KEY

PER_PAGE = 25


@require_safe
def usage(request: HouseRequest) -> HttpResponse:
    """Every entry there is, with how many, of how many days, and until when (PC-19)."""
    person = signed_in(request).pk
    page = Paginator(queries.own(person), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "on": is_live(person, KEY, now=request.now), "stored": queries.stored_of(person), "page": page,
        "rows": [(row, queries.words_of(row.feature), queries.device_words(row.device)) for row in page.object_list],
        "features": queries.counted_features(), "months": queries.KEPT_MONTHS, "least": queries.LEAST,
    }  # fmt: skip
    return render(request, "consents/usage.html", context)
