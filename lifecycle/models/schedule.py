"""Versions of the retention schedule: proposed, and approved by the DPO (NEW-05). Rows are added, never changed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from privacy.ids import new_id


class Step(models.TextChoices):
    """A version is proposed, and at most once approved; from then on clocks follow it."""

    PROPOSED = "proposed", _("proposed")
    APPROVED = "approved", _("approved")


class ScheduleVersion(models.Model):
    """One step of one version. ``rules`` says of every rule how long it lasts, and ``sha256`` is its digest.

    ``replaces`` is the version that was in force when this one was proposed: another approval in
    between makes the proposal stale. Version 1 is the code's own and has no row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("version"))
    step = models.CharField(_("step"), max_length=10, choices=Step)
    replaces = models.PositiveIntegerField(_("takes the place of version"))
    rules = models.JSONField(_("rules"))
    sha256 = models.CharField(_("digest"), max_length=64)
    at = models.DateTimeField(_("when"))
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("version of the retention schedule")
        verbose_name_plural = _("versions of the retention schedule")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number", "step"], name="schedule_step_once"),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(step=Step.APPROVED), name="schedule_replaced_once"
            ),
            models.CheckConstraint(condition=Q(step__in=Step.values), name="schedule_step"),
            models.CheckConstraint(condition=Q(replaces__gte=1, number__gt=F("replaces")), name="schedule_goes_on"),
            by_a_person(
                "schedule_approved_by_a_person", account="actor_id", role="actor_role", unless=Q(step=Step.PROPOSED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.step}"
