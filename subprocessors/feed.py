"""Announced changes of the register as an Atom feed, one per language (PC-90)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from audit.requests import HouseRequest
from consents.history.feed import HouseFeed
from consents.rendering import by_section
from privacy.clocks import start_of
from privacy.days import written
from subprocessors import queries
from subprocessors.wording import Prose, prose


@dataclass(frozen=True, slots=True)
class Item:
    """A version with the moment it was announced, and the names of those about whom something changes."""

    version: Prose
    at: datetime
    about: list[str]


class Changes(HouseFeed):
    """Every version that is public, the newest first."""

    def get_object(self, request: Any, *args: Any, **kwargs: Any) -> tuple[str, datetime]:
        """The language the address names, and the moment of the request."""
        return str(kwargs["language"]), request.now

    def title(self, asked: tuple[str, datetime]) -> str:
        return gettext("Subprocessors of %(product)s: what changes") % {"product": settings.PRODUCT_NAME}

    def link(self, asked: tuple[str, datetime]) -> str:
        return reverse("subprocessors:history")

    def feed_url(self, asked: tuple[str, datetime]) -> str:
        return reverse("subprocessors:changes", args=[asked[0]])

    def items(self, asked: tuple[str, datetime]) -> list[Item]:
        return _items(asked[1])

    def item_title(self, item: Any) -> Any:
        said = {"number": item.version.number, "day": written(item.version.effective_on)}
        return gettext("Version %(number)s of the register, in force from %(day)s") % said

    def item_description(self, item: Any) -> str:
        if item.version.number == 1:
            return gettext("The first version.")
        return escape(gettext("What changes concerns: %(names)s") % {"names": ", ".join(item.about)})

    def item_link(self, item: Any) -> str:
        return f"{reverse('subprocessors:history')}#v{item.version.number}"

    def item_guid(self, item: Any) -> str:
        """The same entry whatever the page is called one day."""
        return f"tag:{settings.SITE_URL.partition('//')[2]},2026-05-14:subprocessors:{item.version.number}"

    def item_updateddate(self, item: Any) -> datetime:
        moment: datetime = item.at
        return moment


def _items(now: datetime) -> list[Item]:
    told = {one.number: one.at for one in queries.announced(now)}
    versions = queries.public(now)
    found: list[Item] = []
    before: Prose | None = None
    for version in versions:
        said = prose(version)
        about = [title for title, _lines in by_section(before.content, said.content)] if before else []
        found.append(Item(said, told.get(version.number, start_of(version.announced_on)), about))
        before = said
    return found[::-1]


_feed = Changes()


def changes(request: HouseRequest, language: str) -> HttpResponse:
    """The feed in one language, whatever the reader's browser asks for."""
    with translation.override(language):
        return _feed(request, language=language)
