"""What every page knows: the controller and its DPO (PC-01), the rail, the languages."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

RAIL = (
    ("records:today", _("Today"), "sun"),
    ("records:patients", _("Patients"), "users"),
    ("gdpr:overview", pgettext_lazy("rail", "My data & privacy"), "shield-check"),
    ("accounts:security", _("Security"), "key-round"),
)


def house(request: HttpRequest) -> dict[str, object]:
    """Context of the base frames. The rail shows only what exists."""
    return {"controller": settings.CONTROLLER, "rail": _rail(request), "languages": settings.LANGUAGES}


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
