"""What the sweeps did, and what was expected of them. No row says anything about a person."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from privacy.ids import new_id


class RunState(models.TextChoices):
    """How a rule's part of a sweep ended."""

    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped, asks you")
    APPROVED = "approved", _("approved")


class SweepRun(models.Model):
    """One rule's part of one sweep. ``run`` is what the parts of one sweep share.

    A stopped part destroyed nothing: more was due than the forecast had said. It stays the rule's last word until
    somebody of the office approves it, or until no more is due than was expected.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.UUIDField(_("sweep"))
    rule = models.CharField(_("rule"), max_length=60)
    started_at = models.DateTimeField(_("began"))
    finished_at = models.DateTimeField(_("ended"))
    due = models.PositiveBigIntegerField(_("due"))
    done = models.PositiveBigIntegerField(_("done"))
    held = models.PositiveBigIntegerField(_("held"))
    failed = models.PositiveBigIntegerField(_("failed"))
    expected = models.PositiveBigIntegerField(_("forecast"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=RunState.choices)
    approved_at = models.DateTimeField(_("approved"), null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("approved by"), related_name="+", null=True
    )
    approved_role = models.CharField(_("in which role"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("part of a sweep")
        verbose_name_plural = _("parts of sweeps")
        indexes: ClassVar = [models.Index(fields=["rule", "-started_at"], name="sweep_run_by_rule")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="sweep_run_state"),
            models.CheckConstraint(
                condition=~models.Q(state=RunState.APPROVED) | models.Q(approved_at__isnull=False),
                name="sweep_run_approved_at_a_moment",
            ),
            by_a_person(
                "sweep_run_approved_by_a_person",
                account="approved_by",
                role="approved_role",
                unless=models.Q(approved_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.state}"


class Forecasted(models.Model):
    """What was expected to leave, as it was computed on one day: per kind of row, how many until which day.

    ``counts``: ``{"records.PatientFile": {"2026-11-23": 4, "2026-11-24": 6}}``, counted from the beginning.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    taken_on = models.DateField(_("computed on"), unique=True)
    counts = models.JSONField(_("until each day"))

    class Meta:
        verbose_name = _("stored forecast")
        verbose_name_plural = _("stored forecasts")

    def __str__(self) -> str:
        return self.taken_on.isoformat()
