"""How many acts each choice asks for, given and taken back: counted on the very pages, rendered as they are (PC-66, Art. 7(3))."""

from datetime import datetime
from html.parser import HTMLParser
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse

from care.models import PortalLink
from consents import notices
from consents.board import Switch, board, switches_of
from consents.models import ConsentEvent
from consents.patients import Wish
from consents.states import Position, State
from consents.trial import Trial
from gdpr_requests.directives.forms import GeneralForm, SpecificForm
from gdpr_requests.models import Directive, DirectiveKind
from gdpr_requests.portal.board import Choice
from gdpr_requests.portal.choices import KEEP, VALIDATE
from privacy.clocks import legal_day
from privacy.ids import new_id
from privacy.own_keys import POST_MORTEM
from privacy.patient_keys import TELECONSULTATION

NO_WAY: Final = 99
"""Steps of a choice that has no control at all."""
BEFORE: Final = "/practitioner/settings/gdpr/consents/confirm/"
"""Where a page in between begins."""


class Controls(HTMLParser):
    """The acts that a rendered choice asks for: forms posted to ``action``, boxes to fill in them, pages in between.

    Several forms of a page may post to the same address; ``step`` then tells which of them is meant.
    """

    def __init__(self, page: str, action: str, *, step: str = "", between: str = BEFORE) -> None:
        super().__init__()
        self._action, self._step, self._between = action, step, between
        self._inside, self._fields = False, 0
        self.posts = self.fields = self.links = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag == "form":
            self._inside, self._fields = at.get("action", "") == self._action and not self._step, 0
            self.posts += self._inside
        elif at.get("name") == "step" and self._step:
            self._inside = at.get("value") == self._step
            self.posts += self._inside
        is_field = tag in ("select", "textarea") or (tag == "input" and at.get("type") != "hidden")
        self.fields += is_field and (self._inside or not self._step)
        self.links += tag == "a" and (at.get("href") or "").startswith(self._between)

    @property
    def steps(self) -> int:
        """One for the click; each field, and a page in between, is one more."""
        if self.posts:
            return 1 + self.fields
        return 2 + self.fields if self.links else NO_WAY


def of_switch(somebody: Trial, slot: str, *, on: bool = False) -> int:
    """The acts by which a switch of an account is turned from where it stands: ``on`` turns it on before it is looked at."""
    key, _dot, child = slot.partition(".")
    if child:
        somebody.turn(key, on=True)
    somebody.turn(slot, on=on)
    shown = switches_of(board(somebody.subject_id, language="en", now=somebody.now))
    one = next(one for one in shown if one.slot == slot)
    page = render_to_string("consents/switch.html", {"one": one, "parent": _parent(one, shown)})
    return Controls(page, reverse("consents:decide")).steps


def of_patient(key: str, now: datetime, *, on: bool = False) -> int:
    """The acts by which a patient gives one of the four, or with ``on`` takes it back, as the portal shows it."""
    link, text = PortalLink(id=new_id()), notices.in_force(key, "en", legal_day(now))
    state = State(Position.ON, since=now, number=1) if on else State()
    event = ConsentEvent(id=new_id(), actor_role="patient") if on else None
    one = Choice(link.pk, Wish(key, state, event, counts=on), text, text.wording, practice_agrees=True)
    address = reverse("patient_privacy:consent_decide", args=[link.pk])
    if key == TELECONSULTATION:
        template, context = "patient_privacy/informed.html", {"informed": one, "validate": VALIDATE, "keep": KEEP}
    else:
        template, context = "patient_privacy/choice.html", {"one": one, "decide_url": address}
    page = render_to_string(template, {**context, "link": link})
    return Controls(page, address, between=reverse("patient_privacy:consent_withdraw", args=[link.pk])).steps


def of_directives(now: datetime, *, on: bool = False) -> int:
    """The acts by which specific directives are written, or with ``on`` revoked, as both privacy centres show them."""
    text = notices.in_force(POST_MORTEM, "en", legal_day(now))
    row = Directive(id=new_id(), kind=DirectiveKind.SPECIFIC, number=1, written_at=now)
    context = {
        "live": {row.kind: row} if on else {}, "specific": SpecificForm([], text.wording.title), "general": GeneralForm(),
        "text": text, "versions": [],
    }  # fmt: skip
    page = render_to_string("gdpr/directives_body.html", context)
    return Controls(page, "", step="revoke_specific" if on else "specific").steps


def _parent(one: Switch, shown: list[Switch]) -> Switch | None:
    return next((each for each in shown if one.child and each.slot == one.key), None)
