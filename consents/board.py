"""What the page of switches shows: each switch with its words, its state and its next move."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consents import notices, queries, rendering, stopping
from consents.beside import beside
from consents.consequences import CONSEQUENCES
from consents.notices import Text, Wording
from consents.states import State, fold
from consents.stopping import Stopping
from privacy.clocks import legal_day
from privacy.closures import closure
from privacy.consent_keys import KEYS, Kind
from privacy.subprocessors import RegisterVersion, counted


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: the wording in force, the state, and the entry behind the state."""

    key: str
    child: str
    text: Text
    wording: Wording
    state: State
    event_id: UUID | None
    closed: str
    """Why nothing goes to the service whatever is allowed, since when; empty while its way is open (PC-101)."""
    stopping: Stopping | None = None
    """How far its withdrawal has come, while that is what it stands on."""
    beside: str = ""
    """What another app knows about it, in one sentence."""
    children: list["Switch"] = field(default_factory=list)

    @property
    def slot(self) -> str:
        """The key, or ``key.child``."""
        return notices.slot_of(self.key, self.child)

    @property
    def on(self) -> bool | None:
        """On, off, or never chosen."""
        return self.state.on if self.state.since else None

    @property
    def next_move(self) -> str:
        """What flipping it now does, in one line, said before it is flipped (PC-10)."""
        if self.state.on:
            return gettext("If you turn it off: %(what)s") % {"what": self.wording.off}
        return gettext("If you turn it on: %(what)s") % {"what": self.wording.on}

    @property
    def history_url(self) -> str:
        """The log with this switch's entries only; nothing while there are none."""
        return f"{reverse('consents:log')}?slot={self.slot}" if self.event_id else ""

    @property
    def receipt_url(self) -> str:
        """The receipt of the entry behind the state; nothing while there is none."""
        return reverse("consents:receipt", args=[self.event_id]) if self.event_id else ""

    @property
    def html(self) -> SafeString:
        """The whole wording, for whoever unfolds it."""
        return rendering.html(self.text.content)

    @property
    def leaves_by_page(self) -> bool:
        """Whether turning it off is another act, on a page of its own (PC-09)."""
        return self.state.on and not self.child and self.key in CONSEQUENCES

    @property
    def leave(self) -> str | Promise:
        """The words of the link to that page."""
        return CONSEQUENCES[self.key].link if self.leaves_by_page else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Switches of one nature, with a heading that says which."""

    name: str | Promise
    about: str | Promise
    switches: list[Switch]


GROUPS: tuple[tuple[str | Promise, str | Promise, frozenset[Kind]], ...] = (
    (
        _("Your free choices"),
        _("Five consents. Refusing costs you nothing, and one click takes any of them back."),
        frozenset({Kind.CONSENT}),
    ),
    (
        _("Connected services"),
        _("Authorisations, one per service. Each is off until you turn it on, and one click cuts it off."),
        frozenset({Kind.AUTHORISATION}),
    ),
    (
        _("What the service rests on"),
        _(
            "Not consents: a contract you accept, and a processing you acknowledge. Taking one back has consequences, told on a page of its own."
        ),
        frozenset({Kind.ACCEPTANCE, Kind.ACKNOWLEDGEMENT}),
    ),
)


def board(subject_id: UUID, *, language: str, now: datetime) -> list[Group]:
    """All switches of one person, by nature, in two queries."""
    events = queries.history(subject_id, now).order_by("number").only(*queries.FACT)
    ids = {event.number: event.pk for event in events}
    states = fold(event.fact for event in events)
    stopped = stopping.of_events(ids[state.number] for state in states.values() if state.number and not state.on)
    make = partial(
        _switch, subject_id, states=states, ids=ids, stopped=stopped, versions=counted(), language=language, now=now
    )
    made = [make(key, "", children=[make(key, one.key) for one in KEYS[key].children]) for key in KEYS]
    return [Group(name, about, [one for one in made if KEYS[one.key].kind in kinds]) for name, about, kinds in GROUPS]


def switches_of(groups: Iterable[Group]) -> list[Switch]:
    """Every switch of a board, children after their parent."""
    return [one for group in groups for parent in group.switches for one in (parent, *parent.children)]


def _switch(
    subject_id: UUID,
    key: str,
    child: str,
    *,
    states: dict[str, State],
    ids: dict[int, UUID],
    stopped: dict[UUID, Stopping],
    versions: Sequence[RegisterVersion],
    language: str,
    now: datetime,
    children: list[Switch] | None = None,
) -> Switch:
    slot = notices.slot_of(key, child)
    day = legal_day(now)
    text, state = notices.in_force(slot, language, day), states[slot]
    event_id = ids.get(state.number)
    own = None if state.by_parent or event_id is None else stopped.get(event_id)
    closed = closure(child, day, versions) if child else ""
    said = beside(slot, subject_id)
    return Switch(key, child, text, text.wording, state, event_id, closed, own, said, children or [])
