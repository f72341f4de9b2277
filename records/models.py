"""Patient files and what they hold.

Every identity and health content is a sealed field under the key of its file (PC-80); dates,
counts, states and ids are in clear. Each table carries the id of its practice for row security.
"""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from care.models import Practice
from privacy.ids import new_id
from vault.fields import SealedJSONField, SealedTextField


class FileStatus(models.TextChoices):
    """Whether the file is in everyday use. Its phase under the law is computed, never stored."""

    OPEN = "open"
    CLOSED = "closed"


class ConsultationStatus(models.TextChoices):
    """A draft changes; a signed consultation only gets further versions."""

    DRAFT = "draft"
    SIGNED = "signed"


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
                    status=ConsultationStatus.SIGNED,
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


class ImportRun(OfPractice):
    """One import: what was read, how far it is, what came of it.

    Names of files often hold names of people, so the run has a key of its own for them.
    """

    class State(models.TextChoices):
        """How far the run is."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    format = models.CharField(max_length=20)
    dry_run = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    storage_names = ArrayField(models.CharField(max_length=200), default=list)

    file_names = SealedJSONField()

    class Meta:
        indexes = [models.Index(fields=["practice", "-started_at"], name="import_by_practice")]
        constraints = [
            models.CheckConstraint(condition=Q(position__lte=F("total")), name="import_position_within_total")
        ]

    @property
    def sealed_file_id(self) -> UUID:
        """The run's own key."""
        return self.id


class ImportLine(OfPractice):
    """One line of an import's report."""

    class Outcome(models.TextChoices):
        """What became of what was read."""

        CREATED = "created"
        CHANGED = "changed"
        KNOWN = "known"
        KEPT = "kept"
        SKIPPED = "skipped"
        REFUSED = "refused"

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.UUIDField(null=True, blank=True)
    file = models.ForeignKey(PatientFile, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    count = models.PositiveIntegerField(default=1)

    source = SealedTextField()
    path = SealedTextField()
    message = SealedTextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="import_line_once"),
        ]

    @property
    def sealed_file_id(self) -> UUID:
        """The key of the run."""
        return self.run_id


class KeptResource(OfFile):
    """What an import brought that has no field of its own: kept whole, exported again."""

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    kept_at = models.DateTimeField()
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=20)
    resource_type = models.CharField(max_length=60)

    raw = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["file", "resource_type"], name="kept_by_file")]


class SourceRecord(OfPractice):
    """A foreign record already brought in: a second import of it adds nothing.

    Foreign ids may name people, so only keyed hashes (per practice) of them are stored. ``raw`` are
    the record's original characters, sealed, so that it exports again without loss (PC-123); empty
    where a KeptResource holds them.
    """

    source = models.CharField(max_length=20)
    key_hash = models.BinaryField(max_length=32)
    content_hash = models.BinaryField(max_length=32, null=True, blank=True)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    file = models.ForeignKey(PatientFile, on_delete=models.PROTECT, related_name="+")
    first_seen_at = models.DateTimeField()
    position = models.PositiveIntegerField(default=0)

    raw = SealedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "source", "key_hash"], name="source_record_once")]
        indexes = [
            models.Index(fields=["object_id"], name="source_by_object"),
            models.Index(fields=["file", "first_seen_at", "position"], name="source_by_file"),
        ]

    @property
    def sealed_file_id(self) -> UUID:
        """The key this row's fields are sealed under."""
        return self.file_id
