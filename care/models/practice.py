"""Practice, membership, care relationship: who may meet which patient's data, and since when."""

from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from privacy.ids import new_id
from vault.rest_fields import AtRestCharField


class Jurisdiction(models.TextChoices):
    """Whose calendar and rules a practice stands under."""

    FR = "FR", "France"
    IL = "IL", "Israel"


class Role(models.TextChoices):
    """What a member is in the practice."""

    OWNER = "owner"
    PRACTITIONER = "practitioner"
    ASSISTANT = "assistant"
    STAFF = "staff"
    TECHNICIAN = "technician"


PRACTISING = (Role.OWNER, Role.PRACTITIONER)
"""The roles of those who treat patients; the others are the team around them (care/roles.py)."""


class Practice(models.Model):
    """The tenant: every clinical row carries the id of one practice."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = AtRestCharField(max_length=200)
    jurisdiction = models.CharField(max_length=2, choices=Jurisdiction.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(jurisdiction__in=Jurisdiction.values), name="practice_jurisdiction")
        ]

    def __str__(self) -> str:
        return str(self.id)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reads as words."""

    def live(self) -> Self:
        """Not ended: an end is written at the moment it happens."""
        return self.filter(until_at__isnull=True)

    def practising(self) -> Self:
        """Of those who treat patients, not of the team around them."""
        return self.filter(role__in=PRACTISING)


class Membership(models.Model):
    """A user works in a practice, from one moment until another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    name = AtRestCharField(max_length=120, blank=True)
    """What a member of the team is called; a practitioner's name stands in their profile."""
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "user"],
                condition=Q(until_at__isnull=True),
                name="membership_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("since_at")),
                name="membership_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CareRelationshipQuerySet(models.QuerySet["CareRelationship"]):
    """Reads as words."""

    def active(self) -> Self:
        """Not ended."""
        return self.filter(ended_at__isnull=True)

    def of(self, practitioner_id: UUID) -> Self:
        """Those of one practitioner."""
        return self.filter(practitioner_id=practitioner_id)


class CareRelationship(models.Model):
    """A practitioner treats a patient. ``patient_id`` is the id of the patient's file.

    It has no foreign key: the file lives in an app above, and the relation may outlive it as a
    pseudonym.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient_id = models.UUIDField()
    since_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CareRelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "patient_id", "practice"],
                condition=Q(ended_at__isnull=True),
                name="care_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since_at")),
                name="care_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["patient_id"], name="care_by_patient")]

    def __str__(self) -> str:
        return str(self.id)
