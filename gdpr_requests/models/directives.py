"""What people want done with their data after their death (LIL art. 85; MD-30)."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id
from vault.fields import SealedJSONField


class DirectiveKind(models.TextChoices):
    """General ones lie with a certified third party; specific ones say what happens to what is held here."""

    GENERAL = "general", _("general directives")
    SPECIFIC = "specific", _("specific directives")


class Ended(models.TextChoices):
    """Why a version counts no more."""

    REPLACED = "replaced", _("replaced by a later version")
    REVOKED = "revoked", _("revoked")
    ERASED = "erased", _("the account was erased")


class Directive(models.Model):
    """One version of one account's directives. PostgreSQL lets it only end; then its text is emptied and its key dies.

    ``said`` is sealed under a key of the version's own: where general directives are registered; or what to do with the account
    and each practice's file, and who is named. ``consent_id`` is the entry of the consent ledger that specific ones rest on.
    The row without its text stays three years after its end (PC-52).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_id = models.UUIDField(_("whose"))
    kind = models.CharField(_("kind"), max_length=10, choices=DirectiveKind.choices)
    number = models.PositiveIntegerField(_("version"))
    written_at = models.DateTimeField(_("written"))
    consent_id = models.UUIDField(_("entry of the consent"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended = models.CharField(_("why it ended"), max_length=10, choices=Ended.choices, blank=True)

    said = SealedJSONField()

    class Meta:
        verbose_name = _("directive for after death")
        verbose_name_plural = _("directives for after death")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "kind", "number"], name="directive_version_once"),
            models.UniqueConstraint(fields=["account_id", "kind"], condition=Q(ended_at=None), name="directive_live_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended="", said__isnull=False)
                | Q(ended_at__isnull=False, ended__in=Ended.values, said__isnull=True),
                name="directive_says_something_or_ended",
            ),
            models.CheckConstraint(
                condition=Q(kind="general") | Q(consent_id__isnull=False), name="directive_specific_by_consent"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sealed_file_id(self) -> UUID:
        """The version's own key."""
        return self.id
