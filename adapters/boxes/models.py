"""What waits to go out, and what came in."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from adapters.boxes.queue import Queued
from adapters.boxes.refs import GroundRef, Kind
from adapters.states import INCOMING, OUTGOING
from vault.rest_fields import AtRestTextField

_WAITS = Q(state="waiting")
_CODE = "login_code"
_ENDED = Q(state__in=("done", "dropped"))


class Outgoing(Queued):
    """One call or message that has to leave, written in the transaction of the act it belongs to.

    Its id is the idempotency key of every attempt. The payload is there as long as it may have to be sent, not longer.
    No foreign keys: the rows of the people it names lie in apps above.
    """

    moves: ClassVar = OUTGOING
    urgent: ClassVar = f"necessity = '{_CODE}'"
    """Codes live for minutes, and somebody waits for them."""

    kind = models.CharField(max_length=60)
    ground = models.CharField(max_length=9, choices=[(one.value, one.value) for one in Kind])
    subject_id = models.UUIDField(null=True)
    slot = models.CharField(max_length=60, blank=True)
    wish = models.CharField(max_length=40, blank=True)
    file_id = models.UUIDField(null=True)
    necessity = models.CharField(max_length=40, blank=True)
    payload = AtRestTextField(null=True)
    dedupe = models.CharField(max_length=80, blank=True)
    queued_at = models.DateTimeField()
    reason = AtRestTextField(blank=True)
    """Why the office gave it up."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=_WAITS, name="outgoing_due"),
            models.Index(fields=["due_at", "id"], condition=_WAITS & Q(necessity=_CODE), name="outgoing_code_due"),
            models.Index(fields=["subject_id", "slot"], name="outgoing_of_subject"),
            models.Index(fields=["file_id", "wish"], condition=Q(file_id__isnull=False), name="outgoing_of_file"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="outgoing_ended"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "dedupe"], condition=~Q(dedupe=""), name="outgoing_once"),
            models.CheckConstraint(condition=_WAITS | Q(ended_at__isnull=False), name="outgoing_ends_at_a_moment"),
            models.CheckConstraint(condition=~_ENDED | Q(payload__isnull=True), name="outgoing_payload_goes_with_its_end"),
            models.CheckConstraint(
                condition=Q(ground="necessity", slot="", wish="") & ~Q(necessity="")
                | Q(ground="consent", wish="", necessity="", file_id=None, subject_id__isnull=False) & ~Q(slot="")
                | Q(ground="patient", necessity="", file_id__isnull=False, subject_id__isnull=False)
                & ~Q(slot="") & ~Q(wish=""),
                name="outgoing_rests_on_one_ground",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_urgent(self) -> bool:
        """Whether it goes before all others, by a worker that does nothing else."""
        return self.necessity == _CODE

    @property
    def idempotency_key(self) -> str:
        """The same at every attempt, so that the other side does it once."""
        return str(self.pk)

    @property
    def ground_ref(self) -> GroundRef:
        """Which ground it rests on."""
        return GroundRef(Kind(self.ground), self.subject_id, self.slot, self.wish, self.file_id, self.necessity)

    @property
    def content(self) -> Mapping[str, Any]:
        """The payload. Raises ValueError once it is gone."""
        found: Mapping[str, Any] = json.loads(self.payload or "")
        return found


class Incoming(Queued):
    """One event that a subprocessor sent us, or that we fetched because it may have been lost: raw, and applied once."""

    moves: ClassVar = INCOMING

    subprocessor = models.CharField(max_length=20)
    event_id = models.CharField(max_length=160)
    kind = models.CharField(max_length=80)
    body = AtRestTextField(null=True)
    """The text as it came, until ``raw_until``."""
    received_at = models.DateTimeField()
    raw_until = models.DateTimeField()
    subject_id = models.UUIDField(null=True)
    """Whom it turned out to be about, when it was applied."""
    reason = AtRestTextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=_WAITS, name="incoming_due"),
            models.Index(fields=["raw_until"], condition=Q(body__isnull=False), name="incoming_raw"),
            models.Index(fields=["received_at"], name="incoming_received"),
            models.Index(fields=["subject_id"], condition=Q(subject_id__isnull=False), name="incoming_of_subject"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subprocessor", "event_id"], name="incoming_once"),
            models.CheckConstraint(condition=_WAITS | Q(ended_at__isnull=False), name="incoming_ends_at_a_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.subprocessor} {self.kind} {self.state}"

    @property
    def content(self) -> Any:
        """The body as JSON. Raises ValueError once it is gone, or when it never was JSON."""
        return json.loads(self.body or "")
