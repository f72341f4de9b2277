"""What every page knows: the controller and its DPO (PC-01), the rail, the languages, a deletion that waits."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access import Audience
from accounts.patients.queries import is_patient
from care.roles import RECIPIENTS, TEAM, Right
from consents.cookies.choice import asks
from lifecycle.changes import register
from lifecycle.changes.queries import Standing, unseen
from lifecycle.deletion.frames import Frame, frame_of
from lifecycle.deletion.queries import standing_at
from lifecycle.deletion.rules import State
from praticonnect.access import access_of
from subprocessors.queries import Coming

RAIL = (
    ("records:today", _("Today"), "sun"),
    ("records:patients", _("Patients"), "users"),
    ("gdpr:overview", pgettext_lazy("rail", "My data & privacy"), "shield-check"),
    ("care:team", _("Team"), "user-plus"),
    ("accounts:security", _("Security"), "key-round"),
)


PATIENT_BAR = (
    ("patient:home", _("Home"), "layout-grid"),
    ("accounts:patient_identity", _("My identity"), "user"),
    ("patient_privacy:overview", pgettext_lazy("rail", "My data & privacy"), "shield-check"),
    ("accounts:security", _("Security"), "key-round"),
)
"""The four words on top of a patient's pages."""


def house(request: HttpRequest) -> dict[str, object]:
    """Context of the base frames. The rail shows only what exists.

    ``deletion_at`` is the instant at which the visitor's account is to be deleted, while it waits, and
    ``policy_change`` and ``register_change`` versions they haven't seen; all asked only if a page shows them.
    """
    return {
        "controller": settings.CONTROLLER,
        "rail": SimpleLazyObject(lambda: _rail(request)),
        "patient_bar": SimpleLazyObject(lambda: _entries(request, PATIENT_BAR)),
        "languages": settings.LANGUAGES,
        "cookies_open": asks(request, request.now) if hasattr(request, "now") else False,
        "deletion_at": SimpleLazyObject(lambda: _deletion_at(request)),
        "deletion_frame": SimpleLazyObject(lambda: _deletion_frame(request)),
        "policy_change": SimpleLazyObject(lambda: _policy_change(request)),
        "register_change": SimpleLazyObject(lambda: _register_change(request)),
    }


def _policy_change(request: HttpRequest) -> Standing | None:
    """A new version of the policy that the visitor hasn't seen or answered (MD-13); None for visitors who aren't signed in."""
    now, user = getattr(request, "now", None), getattr(request, "user", None)
    if now is None or user is None or not user.is_authenticated:
        return None
    return unseen(user, now)


def _register_change(request: HttpRequest) -> Coming | None:
    """An announced change of subprocessors that a practitioner hasn't seen (PC-90)."""
    now, user = getattr(request, "now", None), getattr(request, "user", None)
    if now is None or user is None or not user.is_authenticated:
        return None
    return register.unseen(user, now)


def _deletion_at(request: HttpRequest) -> datetime | None:
    """When a deletion that was asked for begins (PC-34); None for visitors who aren't signed in."""
    now = getattr(request, "now", None)
    user = getattr(request, "user", None)
    if now is None or user is None or not user.is_authenticated:
        return None
    standing = standing_at(user.pk, now)
    return standing.execute_at if standing.state is State.PENDING else None


def _deletion_frame(request: HttpRequest) -> Frame | None:
    """The pages on which the visitor's account is left."""
    user = getattr(request, "user", None)
    return frame_of(user.pk) if user is not None and user.is_authenticated else None


def _of_the_team(name: str, role: str) -> bool:
    """Whether a member of the team with this role finds the page open."""
    access = access_of(name)
    if access is None or access.audience is not Audience.PRACTITIONER:
        return access is not None
    return bool(access.right) and RECIPIENTS[role].may(Right(access.right))


def _rail(request: HttpRequest) -> list[dict[str, object]]:
    """A practitioner's entries; a patient who works in no practice has their own ones instead."""
    user = getattr(request, "user", None)
    practises = bool(getattr(request, "practice_ids", ()))
    if user is not None and user.is_authenticated and not practises and is_patient(user.pk):
        return _entries(request, PATIENT_BAR)
    return _entries(request, RAIL)


def _entries(request: HttpRequest, bar: tuple[tuple[str, Any, str], ...]) -> list[dict[str, object]]:
    entries = []
    role = getattr(getattr(request, "actor", None), "role", "")
    for name, label, icon in bar:
        if role in TEAM and not _of_the_team(name, role):
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        current = request.path == url or (url.count("/") > 2 and request.path.startswith(url))
        entries.append({"url": url, "label": label, "icon": icon, "current": current})
    return entries
