"""What every step of a request writes: the row under its lock, its exchange, its line in the journal."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from audit.actions import record_event
from audit.actors import Actor
from care.models import Membership
from gdpr_requests.desk.rules import side_of
from gdpr_requests.desk.states import OVER, By, Event, move
from gdpr_requests.models import Exchange, Request
from privacy.purposes import Purpose
from vault import access
from vault.handles import Handle

PART = "request"
"""What the access journal says was opened."""


@dataclass(slots=True)
class Step:
    """A request under its lock, opened, with who acts on which side and when."""

    request: Request
    handle: Handle
    side: By | None
    by: Actor
    now: datetime

    def write(
        self, event: Event, text: str = "", *, sent_by: str = "", remedies: bool = False, fields: tuple[str, ...] = ()
    ) -> Exchange:
        """Make the move, save it with ``fields``, add its exchange and its journal line."""
        found = move(self.request.state, event)
        if found is not None:
            self.request.state = found.to
        if self.request.state in OVER:
            self.request.closed_at = self.now
        self.request.save(update_fields=["state", "closed_at", *fields])
        return add_exchange(
            self.request, self.handle, event, text, sent_by=sent_by, remedies=remedies, by=self.by, now=self.now
        )


def locked(request_id: UUID, *, by: Actor, now: datetime, action: str = "change") -> Step:
    """The request, locked until the transaction ends and opened. Raises Request.DoesNotExist and vault.errors.NoKey."""
    request = Request.objects.select_for_update().get(pk=request_id)
    handle = access.open(
        request.pk, by=by, purpose=Purpose.LEGAL, part=PART, practice_id=request.practice_id, now=now, action=action
    )
    return Step(request, handle, side_of(request, by, custody=in_custody(request.practice_id)), by, now)


def in_custody(practice_id: UUID | None) -> bool:
    """Whether nobody is left in the practice that was asked, so that the data protection officer answers."""
    return practice_id is not None and not Membership.objects.live().filter(practice_id=practice_id).exists()


def add_exchange(
    request: Request,
    handle: Handle,
    event: Event,
    text: str,
    *,
    sent_by: str = "",
    remedies: bool = False,
    by: Actor,
    now: datetime,
) -> Exchange:
    """One more entry of the thread, numbered under the request's lock."""
    last = Exchange.objects.filter(request_id=request.pk).aggregate(last=Max("number"))["last"] or 0
    row = Exchange(
        request_id=request.pk, number=last + 1, at=now, kind=event.value, state=request.state, sent_by=sent_by,
        remedies=remedies, actor_id=by.account_id, actor_role=by.role,
    )  # fmt: skip
    if text.strip():
        handle.write(row, text=text.strip())
    row.save(force_insert=True)
    record_event(
        by=by, verb=f"gdpr.request.{event.value}", object_type=Exchange._meta.label, object_id=row.pk,
        subject_id=request.account_id, practice_id=request.practice_id,
        detail={"request": request.number, "state": request.state}, now=now,
    )  # fmt: skip
    return row
