"""A new version of the policy is announced before it takes effect (MD-13). Rows are added, never changed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class PolicyAnnouncement(models.Model):
    """The office's act that has everybody concerned told of a version; whether it is material stands in the text itself.

    Who was told of it, when and by which channel stands in :class:`lifecycle.models.NoticeSent`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("version of the policy"), unique=True)
    effective_on = models.DateField(_("in force from"))
    material = models.BooleanField(_("material"))
    at = models.DateTimeField(_("announced"))
    actor_id = models.UUIDField(_("who announced it"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("announcement of a policy version")
        verbose_name_plural = _("announcements of policy versions")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(number__gt=1), name="policy_announcement_of_a_change"),
        ]

    def __str__(self) -> str:
        return str(self.number)
