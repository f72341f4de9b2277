"""Who is in the directory at a moment, for anybody; and one's own page, for oneself.

SQL narrows to those who said yes; then each page takes a grant, minted from the ledger for this one answer (PC-23).
Nothing is stored or cached, so that a withdrawal counts from the next request on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.queries import profile_or_404
from consents import queries as consents
from consents.grants import grants_for
from directory.cards import LISTING, Card, Published, card_of, publish
from directory.folding import folded
from directory.models import Listing
from vault.index import words

PER_PAGE = 20
MOST_WORDS = 8
"""Of each field; anybody may search, and each word has every name folded once more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a visitor looks for; all of it must fit."""

    name: str = ""
    specialty: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """A practitioner's own view of their page: what it shows, and its address while the public sees it."""

    card: Card
    shows_phone: bool
    has_phone: bool
    public_id: UUID | None


def found(wanted: Wanted, *, now: datetime) -> QuerySet[Listing]:
    """The pages that fit, by surname: names and towns by the beginnings of their words, accents don't matter."""
    profile = "user__practitioner"
    pages = candidates(now).annotate(
        by_name=folded(F(f"{profile}__surname"), F(f"{profile}__given_names")),
        by_place=folded(F(f"{profile}__postal_code"), F(f"{profile}__city")),
    )
    for word in _looked_for(wanted.name):
        pages = pages.filter(by_name__contains=f" {word}")
    for word in _looked_for(wanted.city):
        pages = pages.filter(by_place__contains=f" {word}")
    if wanted.specialty:
        pages = pages.filter(**{f"{profile}__specialty": wanted.specialty})
    return pages.order_by("by_name", "pk")


def _looked_for(text: str) -> list[str]:
    return list(dict.fromkeys(words(text)))[:MOST_WORDS]


def candidates(now: datetime) -> QuerySet[Listing]:
    """Pages of open accounts whose last word on the directory was yes."""
    return of_open_accounts().filter(user_id__in=consents.subjects_on(LISTING, now=now))


def of_open_accounts() -> QuerySet[Listing]:
    """Pages of practitioners whose account is open and whose e-mail address was proven: nobody lists another's name."""
    return Listing.objects.filter(
        user__is_active=True,
        user__practitioner__isnull=False,
        user__emailaddress__primary=True,
        user__emailaddress__verified=True,
    ).select_related("user__practitioner")


def published(listings: Iterable[Listing], *, now: datetime) -> list[Published]:
    """Those of ``listings`` whose practitioner grants it at ``now``: one query for all."""
    asked = list(listings)
    grants = grants_for([listing.user_id for listing in asked], LISTING, now=now)
    return [
        publish(one.pk, one.user.practitioner, grants[one.user_id], shows_phone=one.shows_phone)
        for one in asked
        if one.user_id in grants
    ]


def page_of(wanted: Wanted, number: str | None, *, now: datetime) -> tuple[Page[Listing], list[Published]]:
    """One page of the list: where it stands among all, and its cards. Three queries whatever its length."""
    page = Paginator(found(wanted, now=now), PER_PAGE).get_page(number)
    return page, published(page.object_list, now=now)


def page_at(listing_id: UUID, *, now: datetime) -> Published | None:
    """The public page at this address, or None: never given, withdrawn and closed can't be told apart."""
    return next(iter(published(candidates(now).filter(pk=listing_id), now=now)), None)


def own_page(user: User, *, now: datetime) -> Own:
    """What the directory shows, or would show, of this practitioner. Raises Http404 for another account."""
    profile = profile_or_404(user)
    mine = Listing.objects.filter(user=user).first()
    shows = mine is not None and mine.shows_phone
    live = mine is not None and page_at(mine.pk, now=now) is not None
    return Own(
        card=card_of(profile, shows_phone=shows),
        shows_phone=shows,
        has_phone=bool(profile.phone),
        public_id=mine.pk if mine and live else None,
    )
