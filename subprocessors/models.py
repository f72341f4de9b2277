"""That a new version of the register of subprocessors was announced (PC-90): rows are added, never changed. And what the links
to some of them hold while they last.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id
from subprocessors.calendars.models import BusyTime, CalendarLink
from subprocessors.rooms.models import VideoRoom

__all__ = ["Announcement", "BusyTime", "CalendarLink", "VideoRoom"]


class Announcement(models.Model):
    """The office's act that has practitioners told of a version; without it the version never counts.

    Whom it reached stands in :class:`lifecycle.models.NoticeSent`, what they answered among the requests.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("version of the register"), unique=True)
    effective_on = models.DateField(_("in force from"))
    at = models.DateTimeField(_("announced"))
    actor_id = models.UUIDField(_("who announced it"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("announcement of a subprocessor change")
        verbose_name_plural = _("announcements of subprocessor changes")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gt=1), name="register_announcement_of_a_change"),
        ]

    def __str__(self) -> str:
        return str(self.number)
