"""That the directory shows only those who agree, measured through the code that answers visitors."""

from datetime import datetime

from accounts.models import PractitionerProfile
from consents.queries import live_among
from directory import queries
from directory.cards import LISTING
from directory.models import Listing
from privacy.promises import Measure, promise

SAMPLE = 50


@promise("PC-23", checked_by="tests/directory/test_promises.py")
def the_directory_shows_only_those_who_agreed(now: datetime) -> Measure:
    """The whole list, and every address, are asked as a visitor asks them; the ledger says who agrees at this moment."""
    practitioners = set(PractitionerProfile.objects.values_list("pk", flat=True))
    live = live_among(practitioners, LISTING, now=now)
    agreed = set(Listing.objects.filter(user_id__in=live).values_list("pk", flat=True))
    listed = {
        one.listing_id for one in queries.published(queries.at(queries.found(queries.Wanted(), now=now)), now=now)
    }
    silent = Listing.objects.exclude(pk__in=agreed).order_by("pk").values_list("pk", flat=True)
    opened = [page for page in silent[:SAMPLE] if queries.page_at(page, now=now) is not None]
    absent = queries.of_open_accounts().filter(pk__in=agreed).exclude(pk__in=listed).count()
    unasked = Listing.objects.exclude(user_id__in=practitioners).count()
    figures = {
        "practitioners": len(practitioners),
        "practitioners_listed": len(listed),
        "practitioners_not_listed": len(practitioners) - len(listed),
        "listed_without_a_grant": len(listed - agreed),
        "addresses_without_a_grant_tried": min(silent.count(), SAMPLE),
        "addresses_without_a_grant_that_answer": len(opened),
        "granted_but_missing_from_the_list": absent,
        "granted_but_without_an_address": len(live) - len(agreed),
        "pages_of_nobody": unasked,
    }
    kept = not (listed - agreed or opened or absent or unasked) and len(live) == len(agreed)
    return Measure(kept, figures)
