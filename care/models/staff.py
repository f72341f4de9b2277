"""The team around a practitioner: invited, bound to secrecy, let into a file when its patient agrees (MD-40 to MD-42)."""

from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from care.models.practice import Practice
from privacy.ids import new_id
from vault.rest_fields import AtRestEmailField


class TeamRole(models.TextChoices):
    """What somebody may be invited to; the limits of each are a class in care/roles.py."""

    ASSISTANT = "assistant", _("practice assistant")
    STAFF = "staff", _("staff under the chief physician")
    TECHNICIAN = "technician", _("technical provider")


class StaffInvitation(models.Model):
    """An owner asks somebody into the team by e-mail. The link is kept as a hash; it works once, for a week."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    email = AtRestEmailField(blank=True)
    role = models.CharField(max_length=20, choices=TeamRole.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=TeamRole.values), name="invitation_role"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, used_by__isnull=True)
                | Q(used_at__isnull=False, used_by__isnull=False, revoked_at__isnull=True),
                name="invitation_used_by_somebody_or_revoked",
            ),
            models.UniqueConstraint(
                fields=["practice", "email"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation_per_address",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class AgreementText(models.Model):
    """A wording of the confidentiality agreement as it was put before people: evidence that only grows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=5)
    number = models.PositiveIntegerField()
    effective_on = models.DateField()
    content = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "number"], name="one_agreement_a_number")]

    def __str__(self) -> str:
        return f"{self.number} ({self.language})"


class AgreementSignature(models.Model):
    """One person signed one version for one membership: evidence that only grows (MD-41).

    Account and membership without foreign key: the proof outlives both.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership_id = models.UUIDField()
    account_id = models.UUIDField()
    role = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    text = models.ForeignKey(
        AgreementText, models.PROTECT, to_field="sha256", db_column="text_sha256", related_name="+", db_index=False
    )
    language = models.CharField(max_length=5)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership_id", "number"], name="agreement_signed_once_a_version")
        ]
        indexes = [models.Index(fields=["account_id"], name="agreement_by_account")]

    def __str__(self) -> str:
        return str(self.id)


class StaffConsentQuerySet(models.QuerySet["StaffConsent"]):
    """Reads as words."""

    def live(self) -> Self:
        """Given and not taken back."""
        return self.filter(ended_at__isnull=True)


class StaffConsent(models.Model):
    """A patient lets the team into their file at one practice; taken back, it ends at once (MD-42).

    ``file_id`` has no foreign key: the file lives in an app above.
    """

    class How(models.TextChoices):
        """How the patient said it."""

        SPOKEN = "spoken", _("in person")
        WRITTEN = "written", _("in writing")
        PHONE = "phone", _("by telephone")
        PORTAL = "portal", _("in the patient's portal")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    file_id = models.UUIDField()
    how = models.CharField(max_length=10, choices=How.choices)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_role = models.CharField(max_length=20)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    ended_role = models.CharField(max_length=20, blank=True)

    objects = StaffConsentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["practice", "file_id"], condition=Q(ended_at__isnull=True), name="staff_consent_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, ended_role="")
                | Q(ended_at__gte=F("given_at"), ended_by__isnull=False) & ~Q(ended_role=""),
                name="staff_consent_ends_by_somebody",
            ),
            by_a_person("staff_consent_given_by_a_person", account="given_by", role="given_role"),
        ]
        indexes: ClassVar = [models.Index(fields=["file_id"], name="staff_consent_by_file")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def subject_id(self) -> UUID:
        """The patient's file."""
        return self.file_id
