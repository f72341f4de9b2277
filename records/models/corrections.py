"""What a file said before it was corrected (PC-61)."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from records.models.files import OfFile
from vault.fields import SealedJSONField


class Correction(OfFile):
    """One change of a file's own fields: which, by whom, and sealed, what stood there before. PostgreSQL lets nobody rewrite it.

    ``before`` maps each name of ``fields`` to its old text, or None where nothing stood. Consultations keep versions instead.
    """

    corrected_at = models.DateTimeField()
    corrected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    fields = ArrayField(models.CharField(max_length=30))

    before = SealedJSONField()

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["file", "-corrected_at"], name="correction_by_file")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(before__isnull=False), name="correction_keeps_what_was"),
            models.CheckConstraint(condition=~Q(fields=[]), name="correction_of_something"),
        ]
