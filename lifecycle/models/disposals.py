"""What was decided to be destroyed, and how much left in all."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.actors import NAMELESS_ROLES
from privacy.ids import new_id


class Disposal(models.Model):
    """The decision that one file is destroyed: evidence, and the only thing that opens the deletion door.

    From its commit there is no way back: whatever crashes after it, the next run goes on from it. Plain ids
    instead of foreign keys, since it outlives what it is about.
    """

    class Reason(models.TextChoices):
        """Why a file is destroyed."""

        TERM = "term", _("its term ended")
        ERASURE = "erasure", _("its erasure was asked for")
        REPLAY = "replay", _("it was destroyed before a restore")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file_id = models.UUIDField(_("file"), unique=True)
    practice_id = models.UUIDField(_("practice"))
    rule = models.CharField(_("rule"), max_length=40)
    until = models.DateField(_("kept until"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    counts = models.JSONField(_("counts"))
    decided_at = models.DateTimeField(_("decided"))
    run_id = models.UUIDField(_("sweep"), null=True)
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("disposal")
        verbose_name_plural = _("disposals")
        indexes: ClassVar = [models.Index(fields=["run_id"], condition=Q(run_id__isnull=False), name="disposal_by_run")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(reason__in=["term", "erasure", "replay"]), name="disposal_reason"),
            models.CheckConstraint(
                condition=Q(actor_role__in=NAMELESS_ROLES) | Q(actor_id__isnull=False), name="disposal_imputable"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Departed(models.Model):
    """How many rows of a kind left in a month, in all practices together: it stays, as it is about nobody (MD-21)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    month = models.DateField(_("month"))
    kind = models.CharField(_("kind"), max_length=40)
    rule = models.CharField(_("rule"), max_length=40)
    jurisdiction = models.CharField(_("calendar"), max_length=2)
    count = models.PositiveBigIntegerField(_("count"))

    class Meta:
        verbose_name = _("departed")
        verbose_name_plural = _("departed")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["month", "kind", "rule", "jurisdiction"], name="departed_once_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.month:%Y-%m}"
