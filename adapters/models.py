"""What left the house and on which ground, who closed which way out, and which way is resting."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from adapters.boxes.models import Incoming, Outgoing
from adapters.scell.models import Dossier, Proof
from adapters.viva.models import Payment
from audit.models import DatabaseClock
from privacy.ids import new_id

__all__ = [
    "Breaker",
    "Dossier",
    "Egress",
    "EgressOutcome",
    "Incoming",
    "Outcome",
    "Outgoing",
    "Payment",
    "Proof",
    "Switch",
]


class Outcome(models.TextChoices):
    """How a call ended."""

    DELIVERED = "delivered", _("done")
    REJECTED = "rejected", _("refused by the service")
    BUSY = "busy", _("asked to wait")
    TIMED_OUT = "timed_out", _("no answer in time")
    BROKEN = "broken", _("no usable answer")


class Egress(models.Model):
    """Something is about to leave: to whom, on which ground, with data of which categories. Never its content (MD-46).

    Written before the first byte. A line without an :class:`EgressOutcome` is a call whose end nobody saw. Evidence.
    """

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    at = models.DateTimeField(_("when"), db_default=DatabaseClock())
    subprocessor = models.CharField(_("service"), max_length=30)
    host = models.CharField(_("host"), max_length=253)
    stand_in = models.BooleanField(_("to a stand-in on this machine"), default=False)
    ground = models.CharField(_("ground"), max_length=120)
    subject_id = models.UUIDField(_("account"), null=True)
    file_id = models.UUIDField(_("file"), null=True)
    categories = models.CharField(_("data"), max_length=200)
    bytes_out = models.BigIntegerField(_("bytes sent"), null=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    outgoing_id = models.UUIDField(_("message of the outbox"), null=True)
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        verbose_name = _("egress")
        verbose_name_plural = _("egress journal")
        indexes = [
            models.Index(fields=["subject_id", "-at"], name="egress_subject"),
            models.Index(fields=["subprocessor", "-at"], name="egress_subprocessor"),
            models.Index(fields=["file_id", "-id"], condition=Q(file_id__isnull=False), name="egress_file"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(ground="") & ~Q(host="") & ~Q(subprocessor=""), name="egress_grounded")
        ]


class EgressOutcome(models.Model):
    """How a line of the egress journal ended. Evidence, never about a person."""

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    egress_id = models.BigIntegerField(_("line"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    bytes_out = models.BigIntegerField(_("bytes sent, of a stream"), null=True)
    bytes_in = models.BigIntegerField(_("bytes received"), default=0)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        verbose_name = _("outcome of an egress")
        verbose_name_plural = _("outcomes of egress")
        indexes = [models.Index(fields=["egress_id"], name="egress_outcome_line")]
        constraints = [models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="egress_outcome_known")]


class Breaker(models.Model):
    """A way out whose last calls failed in a row; it rests until ``until``, then one call tries it. No row: all is well."""

    subprocessor = models.CharField(_("service"), max_length=30, primary_key=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failed_at = models.DateTimeField(_("last failure"))
    opened_at = models.DateTimeField(_("resting since"), null=True)
    until = models.DateTimeField(_("resting until"), null=True)

    class Meta:
        verbose_name = _("breaker")
        verbose_name_plural = _("breakers")


class Switch(models.Model):
    """The office closed a way out, and why; open again once ``on_at`` says so. Who did is in the event journal."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subprocessor = models.CharField(_("service"), max_length=30)
    reason = models.CharField(_("reason"), max_length=200)
    off_at = models.DateTimeField(_("closed"))
    on_at = models.DateTimeField(_("opened again"), null=True)

    class Meta:
        verbose_name = _("switch")
        verbose_name_plural = _("switches")
        constraints = [
            models.UniqueConstraint(fields=["subprocessor"], condition=Q(on_at=None), name="switch_off_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="switch_has_a_reason"),
            models.CheckConstraint(
                condition=Q(on_at=None) | Q(on_at__gte=models.F("off_at")), name="switch_on_after_off"
            ),
        ]
