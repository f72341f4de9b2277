"""The changes as an Atom feed, one per language, for whoever wants to be told without having an account."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext

from audit.requests import HouseRequest
from consents import notices, queries
from consents.models import PublishedText
from privacy.days import written

ENTRIES = 50


if TYPE_CHECKING:
    _Feed = Feed[Any, Any]
else:
    _Feed = Feed


class HouseFeed(_Feed):
    """An Atom feed of the house, one per language, which the address names."""

    feed_type = Atom1Feed

    def get_object(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The language the address names."""
        return str(kwargs["language"])

    def author_name(self, asked: Any) -> str:
        return str(settings.CONTROLLER["name"])

    def author_email(self, asked: Any) -> str:
        return str(settings.CONTROLLER["dpo_email"])

    def item_pubdate(self, item: Any) -> datetime:
        moment: datetime = self.item_updateddate(item)
        return moment


class Changes(HouseFeed):
    """What was published last, of all texts, prepared versions included."""

    def title(self, language: str) -> str:
        return gettext("Texts and policy of %(product)s: what changed") % {"product": settings.PRODUCT_NAME}

    def link(self, language: str) -> str:
        return reverse("consents:history")

    def feed_url(self, language: str) -> str:
        return reverse("consents:changes", args=[language])

    def items(self, language: str) -> list[PublishedText]:
        return queries.latest(language, ENTRIES)

    def item_title(self, item: Any) -> Any:
        said = {
            "title": notices.parse(item.content).title,
            "number": item.number,
            "day": written(item.effective_on),
        }
        return gettext("%(title)s: version %(number)s, in force from %(day)s") % said

    def item_description(self, item: Any) -> str:
        found = notices.parse(item.content)
        return escape(found.news or found.summary or found.purpose)

    def item_link(self, item: Any) -> str:
        return f"{reverse('consents:history')}?text={item.slot}#v{item.number}"

    def item_guid(self, item: Any) -> str:
        """The text's own address: the same entry whatever the page is called one day."""
        return f"urn:sha256:{item.sha256}"

    def item_updateddate(self, item: Any) -> datetime:
        moment: datetime = item.published_at
        return moment


_feed = Changes()


def changes(request: HouseRequest, language: str) -> HttpResponse:
    """The feed in one language, whatever the reader's browser asks for."""
    with translation.override(language):
        return _feed(request, language=language)
