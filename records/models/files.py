"""The file of a patient, what every row in it shares, and its openings from the archive."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from care.models import Practice
from privacy.ids import new_id
from vault.fields import SealedTextField


class FileStatus(models.TextChoices):
    """Whether the file is in everyday use. Its phase under the law is computed, never stored."""

    OPEN = "open"
    CLOSED = "closed"


class Origin(models.TextChoices):
    """Where a row comes from."""

    WRITTEN = "written"
    IMPORTED = "imported"


class OfPractice(models.Model):
    """A clinical row: its own random id and the practice it belongs to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)


class PatientFile(OfPractice):
    """The file a practice keeps of one patient. Its id is also the id of its key."""

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.WRITTEN)
    status = models.CharField(max_length=10, choices=FileStatus.choices, default=FileStatus.OPEN)
    last_consultation_on = models.DateField(null=True, blank=True)
    retain_until = models.DateField()
    retention_rule = models.CharField(max_length=40)
    active_until = models.DateField()
    """The last day in daily use (PC-41); after it the file is in the archive, whether or not a sweep came by."""
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    reopened_until = models.DateField(null=True, blank=True, editable=False)
    schedule_version = models.PositiveIntegerField(default=1, editable=False)
    leaving_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When its destruction was decided. From then on it is nobody's any more, and there is no way back."""
    search_tokens = ArrayField(models.BinaryField(), default=list)

    surname = SealedTextField()
    birth_name = SealedTextField()
    given_names = SealedTextField()
    birth_date = SealedTextField()
    died_on = SealedTextField()
    sex = SealedTextField()
    birth_place = SealedTextField()
    phone = SealedTextField()
    email = SealedTextField()
    address = SealedTextField()
    occupation = SealedTextField()
    medical_history = SealedTextField()
    surgical_history = SealedTextField()
    allergies = SealedTextField()
    treatments = SealedTextField()
    family_history = SealedTextField()
    lifestyle = SealedTextField()
    notes = SealedTextField()

    class Meta:
        indexes = [
            models.Index("practice", F("last_consultation_on").desc(nulls_last=True), name="file_by_visit"),
            models.Index(fields=["retain_until"], name="file_by_term"),
            models.Index(
                fields=["active_until"], condition=Q(archived_at=None, leaving_at=None), name="file_to_archive"
            ),
            models.Index(fields=["active_until"], condition=Q(archived_at__isnull=False), name="file_in_archive"),
            models.Index(fields=["schedule_version"], name="file_by_schedule"),
            models.Index(fields=["leaving_at"], condition=Q(leaving_at__isnull=False), name="file_leaving"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=FileStatus.values), name="file_status"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="file_origin"),
        ]

    @property
    def sealed_file_id(self) -> UUID:
        """The key this row's fields are sealed under."""
        return self.id


class OfFile(OfPractice):
    """A row inside a patient's file, sealed under the file's key."""

    file = models.ForeignKey(PatientFile, on_delete=models.PROTECT, related_name="%(class)ss")

    class Meta(OfPractice.Meta):
        abstract = True

    @property
    def sealed_file_id(self) -> UUID:
        """The key this row's fields are sealed under."""
        return self.file_id


class ArchiveOpening(OfFile):
    """One opening of an archived file: by whom, in which role, until when, and sealed, why (PC-41)."""

    class Role(models.TextChoices):
        """Who has the archive right."""

        PRACTITIONER = "practitioner", _("the owner of the practice")
        DPO = "dpo", _("the data protection officer")

    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_role = models.CharField(max_length=20, choices=Role.choices)
    until = models.DateField()

    why = SealedTextField()

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["file", "-opened_at"], name="opening_by_file"),
            models.Index(fields=["-opened_at"], name="opening_by_moment"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(opened_role__in=("practitioner", "dpo")), name="opening_role"),
            models.CheckConstraint(condition=Q(why__isnull=False), name="opening_says_why"),
        ]
