"""The link itself, which lives as long as the consent does, and the busy times that stand there."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id
from vault.rest_fields import AtRestTextField


class CalendarLink(models.Model):
    """One account's access to a calendar of our own at Google. Tokens are sealed at rest; the row goes with the consent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("account")
    )
    linked_at = models.DateTimeField(_("linked"))
    refresh_token = AtRestTextField(_("refresh token"))
    access_token = AtRestTextField(_("access token"))
    access_until = models.DateTimeField(_("access token valid until"))
    calendar_id = AtRestTextField(_("calendar"), blank=True)
    sync_token = AtRestTextField(_("where the last look left off"), blank=True)
    synced_at = models.DateTimeField(_("last look"), null=True)
    channel_id = models.UUIDField(_("channel of notices"), null=True, unique=True)
    channel_token = AtRestTextField(_("what the channel's notices carry"), blank=True)
    resource_id = AtRestTextField(_("Google's name of what the channel watches"), blank=True)
    channel_until = models.DateTimeField(_("channel valid until"), null=True)
    lost_at = models.DateTimeField(_("access taken back at Google"), null=True)

    class Meta:
        verbose_name = _("link to a calendar")
        verbose_name_plural = _("links to calendars")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel_until=None) | Q(channel_id__isnull=False), name="calendar_channel_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class BusyTime(models.Model):
    """From when to when somebody is busy: the wish; a worker brings it to Google. No words. ``gone_at``: to be deleted there."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("account"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    gone_at = models.DateTimeField(_("given free"), null=True)

    class Meta:
        verbose_name = _("busy time")
        verbose_name_plural = _("busy times")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="busy_time_has_a_length"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
