"""The tabs of the privacy centre. A tab whose page doesn't exist yet is absent, not dead."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

TABS = (
    ("gdpr:overview", _("Overview")),
    ("consents:switches", _("Consents")),
    ("gdpr:integrations", _("Integrations")),
    ("consents:log", _("Log")),
    ("gdpr:export", pgettext_lazy("tab", "Export")),
    ("gdpr:journal", _("Access journal")),
    ("gdpr:requests", _("Requests")),
    ("gdpr:directives", pgettext_lazy("tab", "After death")),
    ("gdpr:register", _("Processing register")),
    ("lifecycle:deletion", pgettext_lazy("tab", "Deletion")),
)

PATIENT_TABS = (
    ("patient_privacy:overview", _("Overview")),
    ("patient_privacy:consents", _("Consents")),
    ("patient_privacy:journal", _("Access journal")),
    ("patient_privacy:export", pgettext_lazy("tab", "Export")),
    ("patient_privacy:requests", _("Requests")),
    ("lifecycle:closing", pgettext_lazy("tab", "Closing")),
    ("patient_privacy:directives", pgettext_lazy("tab", "After death")),
)


@dataclass(frozen=True)
class Tab:
    """One entry of the tab bar."""

    name: str
    url: str
    current: bool


def tabs(path: str, among: tuple[tuple[str, Any], ...] = TABS) -> list[Tab]:
    """The tabs that have a page, the one at ``path`` marked."""
    found = []
    for view, name in among:
        try:
            url = reverse(view)
        except NoReverseMatch:
            continue
        found.append(Tab(str(name), url, path.rstrip("/") == url.rstrip("/")))
    return found
