"""Imports: their runs, their reports, and what they brought as it came."""

from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from records.models.files import OfFile, OfPractice, PatientFile
from vault.fields import SealedJSONField, SealedTextField


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
