"""Who is in the audience of the newsletter, as the service that sends it knows them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AudienceMember(models.Model):
    """An account whose address stands at Resend, under ``contact_id`` there. Written after it joined, gone once it left.

    ``silent_since``: its address doesn't take our mail any more, so no news is sent to it. ``leaving_since``: we are taking it out
    there, written before the call, so that what the service tells of it isn't taken for the reader's own act.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True)
    contact_id = models.CharField(_("number at the service"), max_length=64, unique=True)
    joined_at = models.DateTimeField(_("joined"))
    silent_since = models.DateTimeField(_("no mail since"), null=True)
    leaving_since = models.DateTimeField(_("being taken out since"), null=True)

    class Meta:
        verbose_name = _("reader of the newsletter")
        verbose_name_plural = _("readers of the newsletter")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(contact_id=""), name="audience_member_has_a_contact"),
        ]

    def __str__(self) -> str:
        return self.contact_id
