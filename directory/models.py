"""The address of a practitioner's public page, and what they chose to show. Whether it shows is never stored (PC-23)."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class Listing(models.Model):
    """Made by the practitioner's own act: a first yes to the directory, or a choice on their page of it.

    ``id`` stands in the public address: random all through, so that it tells neither account nor day.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.OneToOneField(User, models.CASCADE, related_name="listing", verbose_name=_("account"))
    shows_phone = models.BooleanField(_("shows the telephone number"), default=False)

    class Meta:
        verbose_name = _("page in the directory")
        verbose_name_plural = _("pages in the directory")

    def __str__(self) -> str:
        return str(self.id)
