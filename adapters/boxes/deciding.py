"""What the office does with a row that failed: try it again, or give it up and say why. Both stand in the event journal."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adapters.boxes.models import Outgoing
from adapters.boxes.queue import Queued
from adapters.outbox import ring
from adapters.states import By, Event, State, move
from audit.actions import record_event
from audit.actors import Actor
from privacy.refusals import Refusal, Refused, require

BELLS: Final = {
    "adapters.Outgoing": "adapters.send",
    "adapters.Incoming": "adapters.apply",
    "consents.Stop": "consents.stop",
}
GONE: Final = Refusal(
    "moved_on", _("It has moved on since this page was shown. Nothing was changed: look at it as it stands now.")
)
NO_REASON: Final = Refusal("no_reason", _("Say in a few words why it is given up."), "reason")


@transaction.atomic
def try_again(*, model: type[Queued], row_id: UUID, by: Actor, now: datetime) -> None:
    """Have a worker begin anew, with all attempts. Raises :class:`Refused` when it doesn't stand where that is possible."""
    row, to = _locked(model, row_id, Event.TRY_AGAIN)
    row.state, row.due_at, row.claimed_at, row.attempts, row.ended_at = to, now, None, 0, None
    row.save(update_fields=["state", "due_at", "claimed_at", "attempts", "ended_at"])
    _journal(row, "tried_again", by, now)
    if isinstance(row, Outgoing) and row.is_urgent:
        ring("adapters.send_codes")
    elif bell := BELLS.get(model._meta.label):
        ring(bell)


@transaction.atomic
def give_up(*, model: type[Queued], row_id: UUID, reason: str, by: Actor, now: datetime) -> None:
    """Drop it, and what it carried. Raises :class:`Refused` without a reason, or when it can't be dropped (any more)."""
    require(None if reason.strip() else NO_REASON)
    row, to = _locked(model, row_id, Event.GIVE_UP)
    carried = "payload" if isinstance(row, Outgoing) else "body"
    gone: dict[str, Any] = {"reason": reason.strip(), carried: None}
    model._default_manager.filter(pk=row.pk).update(state=to, ended_at=now, **gone)
    _journal(row, "given_up", by, now)


def _locked(model: type[Queued], row_id: UUID, event: Event) -> tuple[Queued, State]:
    row = model._default_manager.select_for_update().filter(pk=row_id).first()
    to = move(model.moves, row.state, event, By.OFFICE) if row else None
    if row is None or to is None:
        raise Refused(GONE)
    return row, to


def _journal(row: Queued, verb: str, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"{row._meta.app_label}.{row._meta.model_name}.{verb}", object_type=row._meta.label, object_id=row.pk,
        subject_id=getattr(row, "subject_id", None), detail={"problem": row.problem}, now=now,
    )  # fmt: skip
