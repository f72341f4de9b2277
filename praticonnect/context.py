"""What every page knows: the controller and its DPO (PC-01), the rail, the languages, a deletion that waits."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lifecycle.deletion.queries import standing_at
from lifecycle.deletion.rules import State

RAIL = (
    ("records:today", _("Today"), "sun"),
    ("records:patients", _("Patients"), "users"),
    ("gdpr:overview", pgettext_lazy("rail", "My data & privacy"), "shield-check"),
    ("accounts:security", _("Security"), "key-round"),
)


def house(request: HttpRequest) -> dict[str, object]:
    """Context of the base frames. The rail shows only what exists.

    ``deletion_at`` is the instant at which the visitor's account is to be deleted, while it waits; asked only if a page shows it.
    """
    return {
        "controller": settings.CONTROLLER,
        "rail": _rail(request),
        "languages": settings.LANGUAGES,
        "deletion_at": SimpleLazyObject(lambda: _deletion_at(request)),
    }


def _deletion_at(request: HttpRequest) -> datetime | None:
    """When a deletion that was asked for begins (PC-34); None for visitors who aren't signed in."""
    now = getattr(request, "now", None)
    user = getattr(request, "user", None)
    if now is None or user is None or not user.is_authenticated:
        return None
    standing = standing_at(user.pk, now)
    return standing.execute_at if standing.state is State.PENDING else None


def _rail(request: HttpRequest) -> list[dict[str, object]]:
    entries = []
    for name, label, icon in RAIL:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        current = request.path == url or (url.count("/") > 2 and request.path.startswith(url))
        entries.append({"url": url, "label": label, "icon": icon, "current": current})
    return entries
