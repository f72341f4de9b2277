"""What was agreed to and taken back about one file, as its patient takes it along (PC-15, MD-10, NEW-01).

All acts about the file are in it, whoever spoke for the patient then. Of other people it says the role: their account, address
and device are theirs, and so are their receipts, which are signed with their account in them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext

from consents import log, notices
from consents.models import ConsentEvent
from consents.patients import history
from consents.receipts import receipt
from gdpr_requests.export import pages
from gdpr_requests.wording import role_in_words
from privacy.clocks import legal_day

OF_OTHERS: Final = ("by", "authority_reference", "ip", "browser", "receipt")
"""What a line says of the person who acted; given to that person alone."""


def acts_about(file_id: UUID, now: datetime) -> list[ConsentEvent]:
    """Every act about the file, the earliest first."""
    return list(history(file_id, now))[::-1]


def lines_of(events: Sequence[ConsentEvent], *, me: UUID | None) -> list[dict[str, Any]]:
    """The acts as data; ``me`` is the account that reads them, None where a person without one does."""
    return [
        asdict(line) | ({"receipt": _place(event)} if _mine(event, me) else dict.fromkeys(OF_OTHERS, ""))
        for event, line in zip(events, log.lines(events), strict=True)
    ]


def receipts_of(
    events: Iterable[ConsentEvent], *, me: UUID | None, now: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The place of each receipt of one's own acts, and the receipt, signed at ``now``."""
    return ((_place(event), receipt(event, now=now)) for event in events if _mine(event, me))


def in_words(events: Sequence[ConsentEvent], language: str, *, me: UUID | None, now: datetime) -> list[dict[str, str]]:
    """The acts for a page in ``language``: when, what, which way, by whom, and the place of the receipt."""
    with translation.override(language):
        return [
            {
                "when": pages.when(event.at.isoformat()),
                "title": notices.in_force(event.key, language, legal_day(now)).wording.title,
                "act": gettext(event.action),
                "who": gettext("you") if _mine(event, me) else role_in_words(event.actor_role),
                "receipt": _place(event) if _mine(event, me) else "",
            }
            for event in events
        ]


def _mine(event: ConsentEvent, me: UUID | None) -> bool:
    return me is not None and event.actor_id == me


def _place(event: ConsentEvent) -> str:
    return f"receipts/receipt-{event.number}.jsonld"
