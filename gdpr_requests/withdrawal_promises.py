"""PC-66: a consent is taken back as easily as it was given, and from that moment on nothing rests on it."""

from datetime import datetime
from html.parser import HTMLParser
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse

from consents import notices
from consents.board import Switch, board, switches_of
from consents.grants import Grant, NoGrant, grant_for, grants_for
from consents.models import ConsentEvent
from consents.states import Action
from consents.trial import Trial, trial
from directory import queries as directory
from directory.cards import LISTING
from gdpr_requests.effects import FREE, nothing_was_withdrawn
from gdpr_requests.models import Outcome, Request
from privacy.consent_keys import KEYS
from privacy.deadlines import Right
from privacy.promises import Measure, promise

CHECKED: Final = "tests/gdpr_requests/test_withdrawal.py"
NO_WAY: Final = 99
"""Steps of a switch that has no control at all."""


@promise("PC-66", checked_by=CHECKED)
def withdrawing_is_as_easy_as_giving(now: datetime) -> Measure:
    """On a trial, each switch is rendered off and on: the acts each way are counted, and so are the fields that have to be filled."""
    with trial(now) as somebody:
        steps = {slot: (_steps(somebody, slot), _steps(somebody, slot, on=True)) for slot in _slots()}
    harder = sorted(slot for slot, (give, withdraw) in steps.items() if withdraw > give)
    figures = {
        "switches": len(steps),
        "most_steps_to_give": max(give for give, _ in steps.values()),
        "most_steps_to_withdraw": max(withdraw for _, withdraw in steps.values()),
        "harder_to_withdraw": harder,
    }
    return Measure(bool(steps) and not harder, figures)


@promise("PC-66", checked_by=CHECKED)
def a_withdrawal_takes_effect_at_once(now: datetime) -> Measure:
    """On a trial, a grant in hand is worth nothing in the moment of the withdrawal; in the ledger, nobody who withdrew still grants."""
    with trial(now) as somebody:
        alive = [slot for slot in _slots() if _outlives(somebody, slot)]
    gone = {key: _withdrawn(key) for key in KEYS if KEYS[key].kind in FREE}
    granting = [key for key, people in gone.items() if grants_for(people, key, now=now)]
    shown = {one.user_id for one in directory.candidates(now)} & gone.get(LISTING, set())
    figures = {
        "withdrawals": ConsentEvent.objects.filter(action=Action.WITHDRAWN).count(),
        "people_who_withdrew": len(set().union(*gone.values())),
        "grants_that_outlived_a_withdrawal": alive,
        "keys_still_granted_by_who_withdrew": granting,
        "still_in_the_directory": len(shown),
        "granted_requests_without_a_withdrawal": _idle_requests(),
    }
    kept = not (alive or granting or shown or figures["granted_requests_without_a_withdrawal"])
    return Measure(kept, figures)


def _slots() -> list[str]:
    """What can be given and withdrawn, an integration under its key."""
    return [slot for slot in notices.slots() if KEYS[slot.partition(".")[0]].kind in FREE]


class _Controls(HTMLParser):
    """The acts that a rendered switch asks for: forms posted where a decision is taken, boxes to fill, pages in between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.posts = self.fields = self.links = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        self.posts += tag == "form" and at.get("action") == reverse("consents:decide")
        self.fields += tag in ("select", "textarea") or (tag == "input" and at.get("type") != "hidden")
        self.links += tag == "a" and (at.get("href") or "").startswith("/practitioner/settings/gdpr/consents/confirm/")

    @property
    def steps(self) -> int:
        """One for the click; each field, and a page in between, is one more."""
        if self.posts:
            return 1 + self.fields
        return 2 + self.fields if self.links else NO_WAY


def _steps(somebody: Trial, slot: str, *, on: bool = False) -> int:
    """The acts by which the switch is turned from where it stands: ``on`` turns it on before it is looked at."""
    key, _dot, child = slot.partition(".")
    if child:
        somebody.turn(key, on=True)
    somebody.turn(slot, on=on)
    shown = switches_of(board(somebody.subject_id, language="en", now=somebody.now))
    one = next(one for one in shown if one.slot == slot)
    return _Controls(render_to_string("consents/switch.html", {"one": one, "parent": _parent(one, shown)})).steps


def _parent(one: Switch, shown: list[Switch]) -> Switch | None:
    return next((each for each in shown if one.child and each.slot == one.key), None)


def _outlives(somebody: Trial, slot: str) -> bool:
    """Whether anything can still be done on a consent in the very moment it was withdrawn.

    Where a patient has to agree as well no grant of this kind is ever made: there the ledger itself is asked.
    """
    key, _dot, child = slot.partition(".")
    if child:
        somebody.turn(key, on=True)
    if not somebody.turn(slot, on=True):
        return True
    held = _grant(somebody, key, child)
    stands = not somebody.turn(slot, on=False)
    made = (held, _grant(somebody, key, child))
    return stands or any(_works(grant, somebody.now) for grant in made if grant)


def _grant(somebody: Trial, key: str, child: str) -> Grant | None:
    try:
        return grant_for(somebody.subject_id, key, child or None, now=somebody.now)
    except NoGrant:
        return None


def _works(grant: Grant, now: datetime) -> bool:
    try:
        grant.check(now)
    except NoGrant:
        return False
    return True


def _withdrawn(key: str) -> set[UUID]:
    """Those whose last entry on the key itself is a withdrawal."""
    later = ConsentEvent.objects.filter(
        subject_id=OuterRef("subject_id"), key=key, child="", number__gt=OuterRef("number")
    )
    last = ConsentEvent.objects.filter(~Exists(later), key=key, child="", action=Action.WITHDRAWN)
    return set(last.values_list("subject_id", flat=True))


def _idle_requests() -> int:
    """Requests of an account for a withdrawal that were granted while there was something to withdraw, and nothing was."""
    granted = Request.objects.filter(right=Right.WITHDRAWAL.value, outcome=Outcome.GRANTED, account_id__isnull=False)
    return sum(nothing_was_withdrawn(one, one.decided_at) for one in granted if one.decided_at)
