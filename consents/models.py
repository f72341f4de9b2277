"""Published texts and the ledger of decisions. Rows are added, never changed (PC-11, PC-24)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from adapters.boxes.queue import Queued
from adapters.states import STOP
from audit.models import DatabaseClock
from consents.cookies.models import PageCount
from consents.marketing.models import AudienceMember
from consents.notices import slot_of
from consents.states import Action, Fact, Position
from consents.usage.models import UsageEvent
from privacy.consent_keys import Kind
from privacy.ids import new_id

__all__ = ["AudienceMember", "ConsentEvent", "EventOrigin", "PageCount", "PublishedText", "Stop", "UsageEvent"]


class PublishedText(models.Model):
    """A wording as it was put before people. Its address is the SHA-256 of its canonical form."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sha256 = models.CharField(_("address"), max_length=64, unique=True)
    slot = models.CharField(_("key"), max_length=60)
    language = models.CharField(_("language"), max_length=5)
    number = models.PositiveIntegerField(_("version"))
    effective_on = models.DateField(_("in force from"))
    content = models.TextField(_("text"))
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("published text")
        verbose_name_plural = _("published texts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slot", "language", "effective_on"], name="one_text_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.slot} {self.number} ({self.language})"


class ConsentEvent(models.Model):
    """One act of one person on one switch: the evidence, complete in itself.

    ``subject_id`` is the random id of an account, or of a patient's file for what the patient decides towards the practice
    ``controller_id`` (MD-10). No foreign keys: the proof outlives both (PC-13). ``number`` counts the subject's entries without a gap. The connection it came
    over is kept apart, for a year (:class:`EventOrigin`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("person"))
    controller_id = models.UUIDField(_("practice decided towards"), null=True)
    number = models.PositiveIntegerField(_("entry"))
    key = models.CharField(_("key"), max_length=40)
    child = models.CharField(_("integration"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=[(k.value, k.value) for k in Kind])
    action = models.CharField(_("act"), max_length=12, choices=[(a.value, a.value) for a in Action])
    previous_state = models.CharField(_("before"), max_length=12, choices=[(p.value, p.value) for p in Position])
    at = models.DateTimeField(_("when"))
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)
    authority = models.CharField(_("on whose authority"), max_length=20, blank=True)
    authority_reference = models.CharField(_("reference"), max_length=80, blank=True)
    policy_number = models.PositiveIntegerField(_("policy version"))
    text = models.ForeignKey(
        PublishedText,
        models.PROTECT,
        to_field="sha256",
        db_column="text_sha256",
        related_name="+",
        db_index=False,
    )
    text_number = models.PositiveIntegerField(_("text version"))
    language = models.CharField(_("language"), max_length=5)
    channel = models.CharField(_("channel"), max_length=12)
    control = models.CharField(_("control"), max_length=12)
    control_default = models.CharField(_("its state when shown"), max_length=12)
    control_label = models.CharField(_("its label"), max_length=80)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_id", "number"], name="one_entry_a_number"),
        ]
        indexes: ClassVar = [models.Index(fields=["at", "id"], name="consents_event_by_time")]

    def __str__(self) -> str:
        return f"{self.slot} {self.action} ({self.number})"

    @property
    def slot(self) -> str:
        """The switch: the key, or ``key.child``."""
        return slot_of(self.key, self.child)

    @property
    def fact(self) -> Fact:
        """What the fold reads of this entry."""
        return Fact(
            self.number, self.key, self.child, Action(self.action), self.at, self.text_number, self.policy_number
        )


class EventOrigin(models.Model):
    """The address and browser an entry came from: kept one year, then its month is dropped (PC-11)."""

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    event_id = models.UUIDField(_("entry"))
    at = models.DateTimeField(_("when"))
    ip = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=200, blank=True)
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        verbose_name = _("origin of a decision")
        verbose_name_plural = _("origins of decisions")
        indexes: ClassVar = [models.Index(fields=["event_id"], name="consents_origin_event")]

    def __str__(self) -> str:
        return str(self.event_id)


class Stop(Queued):
    """One place where a withdrawal has to take effect, and when it had. ``name`` is the place's, as its adapter registered it.

    No foreign keys: like the entry of the ledger that it belongs to, it outlives the account, and leaves with it.
    """

    moves: ClassVar = STOP

    event_id = models.UUIDField(_("entry"))
    subject_id = models.UUIDField(_("person"))
    slot = models.CharField(_("key"), max_length=60)
    name = models.CharField(_("place"), max_length=40)
    asked_at = models.DateTimeField(_("asked"))
    dropped = models.PositiveIntegerField(_("messages dropped"), default=0)

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state="waiting"), name="consents_stop_due"),
            models.Index(fields=["subject_id"], name="consents_stop_of_subject"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event_id", "name"], name="one_stop_a_place"),
            models.CheckConstraint(
                condition=models.Q(state="waiting") | models.Q(ended_at__isnull=False), name="stop_ends_at_a_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot} {self.name} {self.state}"
