"""The log in the forms a person takes away: rows for the page, CSV and JSON (PC-15)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consents.models import ConsentEvent, EventOrigin
from consents.states import Action

ROLES = {
    "practitioner": _("by you"),
    "account": _("by you"),
    "patient": _("by you"),
    "guardian": _("by a parent or guardian"),
    "operations": _("by operations, at your request"),
    "dpo": _("by the data protection officer"),
}
CHANNELS = {
    "web": _("on the web"),
    "command": _("by a command"),
    "signup": _("at sign-up"),
    "email": _("from an e-mail"),
}
TONES = {
    Action.GIVEN: "ok",
    Action.RENEWED: "ok",
    Action.REFUSED: "",
    Action.WITHDRAWN: "warn",
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is exported: machine names, times in UTC, no reference to other rows."""

    entry: int
    at: str
    key: str
    integration: str
    kind: str
    action: str
    previous_state: str
    by: str
    role: str
    authority: str
    authority_reference: str
    policy_version: int
    text_version: int
    text_sha256: str
    language: str
    channel: str
    control: str
    control_default: str
    control_label: str
    ip: str
    browser: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the page shows it, in words."""

    event: ConsentEvent
    origin: EventOrigin | None
    title: str

    @property
    def act(self) -> str:
        """What was done."""
        return gettext(self.event.action)

    @property
    def before(self) -> str:
        """Where the switch stood before."""
        return gettext(self.event.previous_state)

    @property
    def tone(self) -> str:
        """The tone of the act's badge."""
        return TONES[Action(self.event.action)]

    @property
    def role(self) -> str:
        """Who acted, in words."""
        return str(ROLES.get(self.event.actor_role, self.event.actor_role))

    @property
    def channel(self) -> str:
        """Over which channel, in words."""
        return str(CHANNELS.get(self.event.channel, self.event.channel))


def rows(events: Iterable[ConsentEvent], titles: Mapping[str, str]) -> list[Row]:
    """The entries of one page, with where they came from, in one further query."""
    entries = list(events)
    known = origins(entries)
    return [Row(event, known.get(event.pk), titles[event.slot]) for event in entries]


def origins(events: Iterable[ConsentEvent]) -> dict[UUID, EventOrigin]:
    """Where these entries came from, as far as that is still kept, in one query (PC-11)."""
    found = EventOrigin.objects.filter(event_id__in=[event.pk for event in events])
    return {origin.event_id: origin for origin in found}


def lines(events: Iterable[ConsentEvent]) -> Iterator[Line]:
    """The entries as lines, in the order given."""
    entries = list(events)
    known = origins(entries)
    for event in entries:
        yield _line(event, known.get(event.pk))


def as_csv(entries: Iterable[Line]) -> str:
    """CSV with a heading; no cell can start a formula when a spreadsheet opens it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Line.__dataclass_fields__)
    for line in entries:
        writer.writerow([safe(str(value)) for value in asdict(line).values()])
    return out.getvalue()


def as_json(subject_id: UUID, entries: Iterable[Line]) -> dict[str, Any]:
    """The log as one JSON object."""
    return {"subject": str(subject_id), "entries": [asdict(line) for line in entries]}


def safe(cell: str) -> str:
    """A cell that a spreadsheet reads as text (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _line(event: ConsentEvent, origin: EventOrigin | None) -> Line:
    return Line(
        entry=event.number,
        at=event.at.astimezone(UTC).isoformat(),
        key=event.key,
        integration=event.child,
        kind=event.kind,
        action=event.action,
        previous_state=event.previous_state,
        by=str(event.actor_id or ""),
        role=event.actor_role,
        authority=event.authority,
        authority_reference=event.authority_reference,
        policy_version=event.policy_number,
        text_version=event.text_number,
        text_sha256=event.text_id,
        language=event.language,
        channel=event.channel,
        control=event.control,
        control_default=event.control_default,
        control_label=event.control_label,
        ip=(origin.ip or "") if origin else "",
        browser=origin.user_agent if origin else "",
        receipt=f"{event.pk}.jsonld",
    )
