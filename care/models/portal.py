"""Who may look into which patient's file through the portal: the patient, a guardian, a proxy; and how they were asked in."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from care.models.practice import Practice
from privacy.ids import new_id
from vault.fields import SealedTextField

MOST_TRIES = 5


class Capacity(models.TextChoices):
    """In which capacity an account looks into a file."""

    SELF = "self", _("the patient")
    GUARDIAN = "guardian", _("parent or guardian")
    PROXY = "proxy", _("a person of trust")


class PortalPart(models.TextChoices):
    """What a link opens, part by part."""

    DOCUMENTS = "documents", _("shared documents")
    CONSULTATIONS = "consultations", _("shared consultations")
    QUESTIONNAIRE = "questionnaire", _("the medical questionnaire")
    PRIVACY = "privacy", _("choices, journal and requests")


EVERYTHING = tuple(PortalPart.values)


def everything() -> list[str]:
    """All parts, as the patient themselves has them."""
    return list(EVERYTHING)


class PortalLinkQuerySet(models.QuerySet["PortalLink"]):
    """Reads as words."""

    def live(self, now: datetime) -> Self:
        """Begun, and not ended at ``now``: a planned end needs no sweep."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=now), since_at__lte=now)


class PortalLink(models.Model):
    """An account may look into one patient's file at one practice, in a capacity, some parts, until an end.

    ``patient_id`` is the id of the file; it has no foreign key, as the file lives in an app above.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    patient_id = models.UUIDField()
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    scope = ArrayField(models.CharField(max_length=20), default=everything)
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    objects = PortalLinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient_id"], name="portal_link_by_patient")]
        constraints = [
            models.UniqueConstraint(fields=["account", "patient_id"], name="portal_link_once"),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="portal_link_capacity"),
            models.CheckConstraint(
                condition=Q(scope__contained_by=list(EVERYTHING)), name="portal_link_scope_is_known"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("since_at")),
                name="portal_link_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(capacity="proxy") | Q(until_at__isnull=False), name="portal_proxy_has_an_end"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def opens(self, part: str) -> bool:
        """Whether this part of the file is open to the link."""
        return part in self.scope


class Invitation(models.Model):
    """Somebody is asked into the portal of one file: by a link in a mail, or by a code shown at the desk.

    Of link and code only the hash is kept; the address is sealed under the file's key and goes when the invitation is over.
    """

    class Channel(models.TextChoices):
        """How the secret reaches the person."""

        EMAIL = "email", _("by e-mail")
        DESK = "desk", _("by a code shown at the desk")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    patient_id = models.UUIDField()
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    scope = ArrayField(models.CharField(max_length=20), default=everything)
    link_until = models.DateTimeField(null=True, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    email = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["patient_id"], name="invitation_by_patient")]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="invitation_expires_later"),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="invitation_capacity"),
            models.CheckConstraint(condition=Q(scope__contained_by=list(EVERYTHING)), name="invitation_scope_is_known"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at__isnull=True),
                name="invitation_accepted_once_or_revoked",
            ),
            models.CheckConstraint(condition=Q(tries__lte=MOST_TRIES), name="invitation_few_tries"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sealed_file_id(self) -> UUID:
        """The key of the file it invites to."""
        return self.patient_id

    def waits(self, now: datetime) -> bool:
        """Whether it can still be accepted at ``now``."""
        return (
            self.revoked_at is None and self.accepted_at is None and now < self.expires_at and self.tries < MOST_TRIES
        )
