"""What stands at a service with a switch for one practitioner now, what it will be used for later, and why nothing goes there. In sentences."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adapters import queries as ways
from adapters.boxes.models import Outgoing
from adapters.faults import Closed
from adapters.models import Dossier, Payment
from adapters.scell.models import OVER
from adapters.states import State
from adapters.viva.models import OPEN
from privacy.wording import gettext_noop
from records.assist.queries import THERE
from records.models import Suggestion, SuggestionKind, SuggestionState
from subprocessors.rooms.models import VideoRoom

LATER: Final = {
    "google": gettext_noop("Used from appointments on. PratiConnect has none yet: connect it today, and a calendar of ours stands there, empty."),
    "livekit": gettext_noop("Used from video visits on. PratiConnect has none yet: no room opens, whatever the switch says."),
    "viva": gettext_noop("The switch is for what your patients pay you. That comes with billing: until then nothing is taken on it. Your own subscription is paid through Viva on its contract, with the switch off too."),
    "scell": gettext_noop("Used from billing on. Until then no page of PratiConnect issues an invoice or asks for a signature there."),
    "bulkgate": gettext_noop("Reminders are sent from appointments on; there are none yet."),
}  # fmt: skip
"""What nothing here uses yet, said to whoever turns it on. A test holds each against the code: it goes when its use comes."""


def later(key: str) -> str:
    """What a service will be used for once its pages are here; empty for one that is used already."""
    return _(LATER[key]) if key in LATER else ""


def standing(key: str, slot: str, account_id: UUID) -> list[str]:
    """What is under way there about an account, and what waits to go there; empty for an integration with a part of its own.

    Counts the practices of the scope it is asked in.
    """
    return [_COUNTED[key](account_id), *waiting(slot, account_id)] if key in _COUNTED else []


def waiting(slot: str, account_id: UUID) -> list[str]:
    """How many messages wait to go there on a switch; nothing for none."""
    n = Outgoing.objects.filter(subject_id=account_id, slot=slot, state=State.WAITING).count()
    return [ngettext("%(n)d message waits to go there.", "%(n)d messages wait to go there.", n) % {"n": n}] if n else []


def shut(now: datetime) -> dict[str, str]:
    """Why nothing goes to a service at this moment, by its key: for those that the register alone doesn't keep shut."""
    return {key: _in_words(closed) for key, closed in ways.shut(now).items()}


def _in_words(closed: Closed) -> str:
    """Without the office's own reason, which is for the office."""
    if closed.gate == "breaker" and closed.until:
        at = time_format(timezone.localtime(closed.until), "TIME_FORMAT")
        return _("It doesn't answer at the moment; we try again at %(at)s.") % {"at": at}
    if closed.gate == "credentials":
        return _("It isn't set up on this platform, so nothing goes there.")
    return _("Our team has closed it for now: nothing goes there, whatever the switch says.")


def _payments(account_id: UUID) -> str:
    n = Payment.objects.filter(subject_id=account_id, kind="patient", state__in=("asked", *OPEN)).count()
    return ngettext("%(n)d payment is under way.", "%(n)d payments are under way.", n) % {"n": n} if n else _("No payment is under way.")  # fmt: skip


def _dossiers(account_id: UUID) -> str:
    n = Dossier.objects.filter(subject_id=account_id).exclude(state__in=OVER).count()
    return ngettext("%(n)d invoice or signature is under way.", "%(n)d invoices or signatures are under way.", n) % {"n": n} if n else _("No invoice and no signature is under way.")  # fmt: skip


def _rooms(account_id: UUID) -> str:
    n = VideoRoom.objects.filter(account_id=account_id).count()
    return ngettext("%(n)d video room is open.", "%(n)d video rooms are open.", n) % {"n": n} if n else _("No video room is open.")  # fmt: skip


def _drafts(account_id: UUID) -> str:
    asked = Suggestion.objects.filter(asked_by_id=account_id, kind=SuggestionKind.DRAFT)
    n = asked.filter(state=SuggestionState.WAITING).count()
    return ngettext("%(n)d draft is on its way.", "%(n)d drafts are on their way.", n) % {"n": n} if n else _("No draft is on its way, and Mistral keeps none.")  # fmt: skip


def _copies(account_id: UUID) -> str:
    n = Suggestion.objects.filter(THERE, asked_by_id=account_id, kind=SuggestionKind.TRANSCRIPT).count()
    return ngettext("%(n)d copy lies there until its text is fetched.", "%(n)d copies lie there until their texts are fetched.", n) % {"n": n} if n else _("No copy of yours lies there.")  # fmt: skip


_COUNTED: Final[dict[str, Callable[[UUID], str]]] = {
    "viva": _payments, "scell": _dossiers, "livekit": _rooms, "mistral": _drafts, "assemblyai": _copies,
}  # fmt: skip
