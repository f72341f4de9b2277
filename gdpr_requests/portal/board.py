"""What the patient's page of choices shows of one file: the notice with its button, the switches, the team's access."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from care.models import StaffConsent
from care.team.queries import agrees
from consents import notices, patients, rendering, stopping
from consents.beside import beside
from consents.log import ROLES
from consents.notices import Text, Wording
from consents.patients import Wish
from consents.stopping import Stopping
from gdpr_requests.portal.queries import Watched
from privacy.clocks import legal_day
from privacy.patient_keys import TELECONSULTATION


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the four: the wording in force, what the ledger says, and whether the practice has its own side on."""

    link_id: UUID
    wish: Wish
    text: Text
    wording: Wording
    practice_agrees: bool
    stopping: Stopping | None = None
    """How far its withdrawal has come, while that is what it stands on."""
    beside: str = ""
    """What another app knows about it, in one sentence."""

    @property
    def key(self) -> str:
        """The patient's key."""
        return self.wish.key

    @property
    def on(self) -> bool | None:
        """Whether the yes counts; None while nothing was ever chosen."""
        return self.wish.counts if self.wish.event else None

    @property
    def by(self) -> str | Promise:
        """Who chose last, in words."""
        return ROLES[self.wish.event.actor_role] if self.wish.event else ""

    @property
    def next_move(self) -> str:
        """What the button does now, said before it is pressed."""
        if self.on:
            return _("If you turn it off: %(what)s") % {"what": self.wording.off}
        return _("If you turn it on: %(what)s") % {"what": self.wording.on}

    @property
    def waits_for_practice(self) -> bool:
        """A yes beside which the practice hasn't said its own: nothing happens yet."""
        return bool(self.on) and not self.practice_agrees

    @property
    def receipt_url(self) -> str:
        """The receipt of the last act; nothing while there is none."""
        event = self.wish.event
        return reverse("patient_privacy:consent_receipt", args=[self.link_id, event.pk]) if event else ""

    @property
    def html(self) -> SafeString:
        """The whole wording."""
        return rendering.html(self.text.content)


@dataclass(frozen=True, slots=True)
class Board:
    """All of one file."""

    of: Watched
    informed: Choice
    switches: list[Choice]
    team: StaffConsent | None


def board_of(of: Watched, *, language: str, now: datetime) -> Board:
    """The choices about one file as they stand at ``now``, in the language of the page."""
    held, ready = patients.wishes([of.file.pk], now)[of.file.pk], patients.practice_agrees(of.file.pk, now)
    stopped = stopping.of_events(wish.event.pk for wish in held.values() if wish.event and not wish.state.on)
    made = [_choice(of, wish, wish.key in ready, stopped, language, now) for wish in held.values()]
    informed = next(one for one in made if one.key == TELECONSULTATION)
    rest = [one for one in made if one is not informed]
    return Board(of, informed, rest, agrees(of.link.practice_id, of.file.pk))


def _choice(
    of: Watched, wish: Wish, ready: bool, stopped: dict[UUID, Stopping], language: str, now: datetime
) -> Choice:
    text = notices.in_force(wish.key, language, legal_day(now))
    own = stopped.get(wish.event.pk) if wish.event else None
    return Choice(of.link.pk, wish, text, text.wording, ready, own, beside(wish.key, of.file.pk))
