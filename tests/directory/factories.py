"""Practitioners who chose about the directory, the way they choose on the page."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from directory.cards import LISTING
from directory.models import Listing
from tests.accounts.factories import make_practitioner
from tests.consents.factories import choose, person


def choose_listing(user: User, on: bool, *, now: datetime | None = None) -> None:
    """The switch of the directory, moved by its owner."""
    choose(person(user.pk), LISTING, on, now=now or timezone.now())


def make_listed(email: str | None = None, **profile: Any) -> User:
    """A practitioner who is in the directory."""
    user = make_practitioner(email, **profile)
    choose_listing(user, True)
    return user


def address_of(user: User) -> str:
    """The path of a practitioner's public page, live or not."""
    return f"/directory/{Listing.objects.get(user=user).pk}/"
