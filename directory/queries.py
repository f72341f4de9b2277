"""Who is in the directory at a moment, for anybody; and one's own page, for oneself.

SQL narrows to those who said yes; then each page takes a grant, minted from the ledger for this one answer (PC-23).
Nothing is stored or cached, so that a withdrawal counts from the next request on. Names and towns are sealed at rest
(PC-80), so that they are opened, compared and ordered here, and a dump shows nobody, listed or not (ADR 0011).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import profile_or_404
from consents import queries as consents
from consents.grants import grants_for
from directory.cards import LISTING, Card, Published, card_of, publish
from directory.models import Listing
from vault.index import words

PER_PAGE = 20
MOST_WORDS = 8
"""Of each field; anybody may search, and each word goes along every name once more."""


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


def found(wanted: Wanted, *, now: datetime) -> list[UUID]:
    """The pages that fit, by surname: names and towns by the beginnings of their words, accents don't matter."""
    profile = "user__practitioner__"
    pages = candidates(now)
    if wanted.specialty:
        pages = pages.filter(**{f"{profile}specialty": wanted.specialty})
    names, places = _looked_for(wanted.name), _looked_for(wanted.city)
    parts = ("surname", "given_names", *(("postal_code", "city") if places else ()))
    rows = pages.values_list("pk", *(f"{profile}{part}" for part in parts))
    folds = ((page_id, folded(*row[:2]), folded(*row[2:])) for page_id, *row in rows)
    fitting = [(name, page_id) for page_id, name, place in folds if fits(names, name) and fits(places, place)]
    return [page_id for _name, page_id in sorted(fitting)]


def folded(*texts: str) -> str:
    """The texts as one, each word folded and after a space."""
    return "".join(f" {word}" for word in words(" ".join(texts)))


def fits(wanted: list[str], text: str) -> bool:
    """Whether each wanted word begins a word of the folded text."""
    return all(f" {word}" in text for word in wanted)


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


def page_of(wanted: Wanted, number: str | None, *, now: datetime) -> tuple[Page[UUID], list[Published]]:
    """One page of the list: where it stands among all, and its cards. Three queries whatever its length."""
    page = Paginator(found(wanted, now=now), PER_PAGE).get_page(number)
    return page, published(at(page.object_list), now=now)


def at(page_ids: Iterable[UUID]) -> list[Listing]:
    """The pages of these addresses, in their order."""
    wanted = list(page_ids)
    pages = of_open_accounts().in_bulk(wanted)
    return [pages[page_id] for page_id in wanted if page_id in pages]


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
