"""A room as long as it is open; the row goes when it ends."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class VideoRoom(models.Model):
    """One open room: whose, about which file, under which random name. What a visit was is the record's matter, not this row's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("practitioner")
    )
    file_id = models.UUIDField(_("file"), db_index=True)
    name = models.CharField(_("name at the service"), max_length=32, unique=True)
    asked_at = models.DateTimeField(_("asked"))
    opened_at = models.DateTimeField(_("open since"), null=True)
    until = models.DateTimeField(_("open until at the latest"))
    recording = models.CharField(_("recording that runs"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("video room")
        verbose_name_plural = _("video rooms")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gt=models.F("asked_at")), name="room_ends_after_it_began"),
            models.CheckConstraint(
                condition=Q(recording="") | Q(opened_at__isnull=False), name="room_is_open_when_recorded"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
