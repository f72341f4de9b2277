"""The telephone number that an account takes text messages at, and which messages went there."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id
from vault.rest_fields import AtRestCharField


class TextNumber(models.Model):
    """One number of an account, sealed at rest; it takes messages once a code that was sent there came back."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="text_number"
    )
    number = AtRestCharField(_("telephone"), max_length=16)
    asked_at = models.DateTimeField()
    code_mac = models.BinaryField(max_length=32, default=b"", blank=True)
    valid_until = models.DateTimeField(null=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    proved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("number for text messages")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(proved_at__isnull=True) | Q(code_mac=b"", valid_until__isnull=True),
                name="text_number_proved_by_a_spent_code",
            )
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class TextSent(models.Model):
    """A message that left: which kind, when, and what became of it. Neither its words nor the number."""

    class Kind(models.TextChoices):
        """What it was about."""

        CODE = "code", _("a code for this number")
        LOGIN = "login_code", _("a code to sign in")
        REQUESTED = "deletion_requested", _("the deletion of your account was asked for")
        WEEK = "deletion_week", _("one week until the deletion of your account")
        DAY = "deletion_day", _("one day until the deletion of your account")
        WITHDRAWN = "deletion_withdrawn", _("the deletion of your account was withdrawn")
        STOPPED = "deletion_stopped", _("the deletion of your account was stopped")

    class State(models.TextChoices):
        """What we know of it."""

        SENT = "sent", _("sent, nothing heard yet")
        DELIVERED = "delivered", _("delivered")
        LOST = "lost", _("not delivered")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    outgoing_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    sent_at = models.DateTimeField()
    message_id = models.CharField(max_length=64, db_index=True)
    segments = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.SENT)
    state_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("text message")
        indexes: ClassVar = [models.Index(fields=["user", "-sent_at"], name="text_sent_by_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
