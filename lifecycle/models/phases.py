"""What happened to a subscription, and what was told of it. Rows are added, never changed (PC-30 to PC-33)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class SubscriptionEvent(models.Model):
    """One fact about one account's contract. The phase follows from these and the clock; it is stored nowhere.

    ``account_id`` is the random id of an account, without a foreign key: the fact outlives the account (PC-36).
    ``number`` counts the account's facts without a gap. ``until`` is the end of what the fact opens, where it has one
    (the trial); ``jurisdiction`` says whose calendar counts its days.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_id = models.UUIDField(_("account"))
    number = models.PositiveIntegerField(_("entry"))
    kind = models.CharField(_("kind"), max_length=24)
    at = models.DateTimeField(_("when"))
    until = models.DateTimeField(_("until"), null=True)
    jurisdiction = models.CharField(_("calendar"), max_length=2)
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("subscription event")
        verbose_name_plural = _("subscription events")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "number"], name="one_subscription_event_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.number})"


class NoticeSent(models.Model):
    """One message that was sent about a phase, a deletion or a version of the policy: at most one of a kind for each beginning."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_id = models.UUIDField(_("account"))
    phase_since = models.DateTimeField(_("beginning of the phase"))
    kind = models.CharField(_("kind"), max_length=24)
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("sent notice")
        verbose_name_plural = _("sent notices")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "phase_since", "kind"], name="one_notice_a_phase"),
        ]

    def __str__(self) -> str:
        return self.kind
