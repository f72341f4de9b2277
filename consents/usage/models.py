"""One use of one feature, by somebody who agreed to its being counted (PC-19)."""

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class UsageEvent(models.Model):
    """Who, which feature, in which hour, on what kind of device. Nothing of what was on the page, nor where it came from.

    The id is random all through: one that grows with the clock would tell the second, which isn't kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("account"), db_index=False
    )
    feature = models.CharField(_("feature"), max_length=20)
    device = models.CharField(_("kind of device"), max_length=10)
    hour = models.DateTimeField(_("hour"))

    class Meta:
        verbose_name = _("use of a feature")
        verbose_name_plural = _("uses of features")
        indexes: ClassVar = [
            models.Index(fields=["user", "-hour"], name="usage_by_person"),
            models.Index(fields=["hour"], name="usage_by_hour"),
        ]

    def __str__(self) -> str:
        return str(self.id)
