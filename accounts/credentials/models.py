"""Links sent to an account's own address. Only the hash of a link is kept; it works once, and not for long."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class CredentialLinkQuerySet(models.QuerySet["CredentialLink"]):
    """Reads as words."""

    def open(self) -> Self:
        """Neither used nor ended; their time may be over all the same."""
        return self.filter(used_at__isnull=True, ended_at__isnull=True)


class CredentialLink(models.Model):
    """One link by mail: to choose a new password (MD-53)."""

    class Kind(models.TextChoices):
        """What the link opens."""

        RESET = "reset", _("a new password")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link by mail")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(used_at__isnull=True, ended_at__isnull=True),
                name="one_open_link_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(ended_at__isnull=True), name="link_is_used_or_ended"
            ),
            models.CheckConstraint(condition=Q(valid_until__gt=F("made_at")), name="link_has_an_end"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(used_at__lt=F("valid_until")), name="link_is_used_in_time"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
