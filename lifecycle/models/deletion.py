"""What was asked, waived, withdrawn, stopped and executed of the deletion of an account. Rows are added, never changed (PC-34)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class DeletionEvent(models.Model):
    """One event of one account's requests to be deleted; where the request stands follows from these and the clock.

    ``account_id`` has no foreign key: the event outlives the account. ``number`` counts the account's events without a gap,
    ``request`` is the number of the event that opened the request. ``execute_at`` is the instant of the execution, while
    there is one. ``plan_sha256`` is the plan that the person approved (of "executed": the plan that was executed). A row
    of kind "executed" is the decision: from its commit on there is no way back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_id = models.UUIDField(_("account"))
    number = models.PositiveIntegerField(_("entry"))
    request = models.PositiveIntegerField(_("request"))
    kind = models.CharField(_("kind"), max_length=12)
    at = models.DateTimeField(_("when"))
    execute_at = models.DateTimeField(_("executed at"), null=True)
    plan_sha256 = models.CharField(_("plan"), max_length=64, blank=True)
    why = models.CharField(_("why it was stopped"), max_length=16, blank=True)
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)
    channel = models.CharField(_("channel"), max_length=10)

    class Meta:
        verbose_name = _("deletion event")
        verbose_name_plural = _("deletion events")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "number"], name="one_deletion_event_a_number"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["execute_at"], name="deletion_instants", condition=models.Q(kind__in=["requested", "waived"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.number})"
