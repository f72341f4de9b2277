"""What a file holds: consultations with their versions, measures, documents."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from privacy.ids import new_id
from records.models.files import OfFile, Origin
from vault.fields import SealedJSONField, SealedTextField


class ConsultationStatus(models.TextChoices):
    """A draft changes; a signed consultation only gets further versions; a struck one never took place."""

    DRAFT = "draft"
    SIGNED = "signed"
    STRUCK = "struck"


class Consultation(OfFile):
    """One meeting with the patient: a draft, then signed. The text here is the current one."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    started_at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.WRITTEN)
    status = models.CharField(max_length=10, choices=ConsultationStatus.choices, default=ConsultationStatus.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    reason = SealedTextField()
    note = SealedTextField()
    examination = SealedTextField()
    assessment = SealedTextField()
    plan = SealedTextField()

    class Meta:
        indexes = [
            models.Index(fields=["file", "-started_at"], name="consultation_by_file"),
            models.Index(
                fields=["author", "-changed_at"],
                condition=Q(status=ConsultationStatus.DRAFT),
                name="consultation_drafts",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status=ConsultationStatus.DRAFT,
                    signed_at__isnull=True,
                    signed_by__isnull=True,
                )
                | Q(
                    status__in=(ConsultationStatus.SIGNED, ConsultationStatus.STRUCK),
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                ),
                name="consultation_signed_by_somebody_at_a_moment",
            ),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="consultation_origin"),
        ]


class ConsultationVersion(models.Model):
    """A consultation as it was signed or amended: evidence, append-only in PostgreSQL itself.

    Plain ids instead of foreign keys: evidence never blocks an erasure, and after it holds
    ciphertext that nobody can open.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice_id = models.UUIDField()
    file_id = models.UUIDField()
    consultation_id = models.UUIDField()
    number = models.PositiveIntegerField()
    author_id = models.UUIDField()
    signed_at = models.DateTimeField()
    started_at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    content = SealedJSONField()
    amendment_reason = SealedTextField()
    # The three columns of evidence: PostgreSQL's trigger writes them, whatever is sent.
    seq = models.BigIntegerField(default=0, editable=False)
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    leaf = models.BinaryField(default=b"", editable=False)

    class Meta:
        indexes = [models.Index(fields=["file_id"], name="version_by_file")]
        constraints = [
            models.UniqueConstraint(fields=["consultation_id", "number"], name="consultation_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="consultation_version_from_1"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sealed_file_id(self) -> UUID:
        """The key this row's fields are sealed under."""
        return self.file_id


class Measure(OfFile):
    """One measured value. A wrong one is struck, never removed without a trace."""

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="measures", null=True, blank=True
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.WRITTEN)
    taken_at = models.DateTimeField()
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    code = SealedTextField()
    label = SealedTextField()
    value = SealedTextField()
    unit = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["file", "-taken_at"], name="measure_by_file")]
        constraints = [
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_by__isnull=True)
                | Q(struck_at__isnull=False, struck_by__isnull=False),
                name="measure_struck_by_somebody_at_a_moment",
            ),
        ]


class Document(OfFile):
    """A document of the patient; its bytes lie sealed in the storage under a random name."""

    TYPES: ClassVar[tuple[str, ...]] = ("application/pdf", "image/jpeg", "image/png")

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="documents", null=True, blank=True
    )
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.WRITTEN)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    pages = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    storage_name = models.CharField(max_length=200, unique=True)

    title = SealedTextField()
    original_name = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["file", "-added_at"], name="document_by_file")]
