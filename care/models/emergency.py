"""Files that somebody of the practice opened in an emergency: for an hour, with a reason, reviewed afterwards (MD-42)."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from care.models.practice import Practice
from privacy.ids import new_id
from vault.fields import SealedTextField


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    """Reads as words."""

    def open_at(self, now: datetime) -> Self:
        """Whose hour runs at ``now``: by the clock, not by any sweep."""
        return self.filter(opened_at__lte=now, until__gt=now)

    def to_review(self) -> Self:
        """Those that nobody has reviewed yet."""
        return self.filter(reviewed_at__isnull=True)


class EmergencyAccess(models.Model):
    """One opening of one file in an emergency. The reason is sealed under the file's key.

    ``file_id`` has no foreign key: the file lives in an app above.
    """

    class Kind(models.TextChoices):
        """What kind of emergency."""

        LIFE = "life", _("life or health is in danger")
        ABSENT = "absent", _("the practitioner in charge can't be reached, and care can't wait")
        ASKED = "asked", _("an emergency service asks")

    class Verdict(models.TextChoices):
        """What the review found."""

        JUSTIFIED = "justified", _("it was justified")
        NOT_JUSTIFIED = "unjustified", _("it was not justified")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    file_id = models.UUIDField()
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    review_by = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    reviewed_role = models.CharField(max_length=20, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)

    why = SealedTextField()

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(why__isnull=False), name="emergency_says_why"),
            models.CheckConstraint(condition=Q(until__gt=F("opened_at")), name="emergency_ends"),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True, reviewed_role="", verdict="")
                | Q(reviewed_at__gte=F("opened_at"), reviewed_by__isnull=False) & ~Q(verdict="") & ~Q(reviewed_role=""),
                name="emergency_reviewed_by_somebody",
            ),
            by_a_person(
                "emergency_reviewed_by_a_person",
                account="reviewed_by",
                role="reviewed_role",
                unless=Q(reviewed_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("account")),
                name="emergency_not_reviewed_by_oneself",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["file_id", "account"], name="emergency_by_file"),
            models.Index(fields=["review_by"], condition=Q(reviewed_at__isnull=True), name="emergency_to_review"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sealed_file_id(self) -> UUID:
        """The key the reason is sealed under: the file's."""
        return self.file_id

    @property
    def reference(self) -> str:
        """What the access journal carries with each opening within the hour."""
        return f"emergency:{self.id}"
