"""What a machine wrote for a consultation: a suggestion until a person takes it over (MD-31, PC-97, PC-98)."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from records.models.content import Consultation
from records.models.files import OfFile
from vault.fields import SealedJSONField, SealedTextField


class SuggestionKind(models.TextChoices):
    """Which help was asked for."""

    DRAFT = "draft", _("a draft")
    TRANSCRIPT = "transcript", _("a transcript")


class SuggestionState(models.TextChoices):
    """Waiting for the service, there to be read, then taken over or turned down by a person; or it never came."""

    WAITING = "waiting"
    READY = "ready"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DROPPED = "dropped"


_BY_A_PERSON = Q(state__in=("accepted", "declined"))
_THERE = Q(removed_at=None) & ~Q(remote_id="")


class Suggestion(OfFile):
    """One draft or transcript that a practitioner asked for. Its text goes once it was decided on, the sound once it was sent."""

    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="suggestions", null=True, blank=True
    )
    kind = models.CharField(max_length=10, choices=SuggestionKind.choices)
    state = models.CharField(max_length=10, choices=SuggestionState.choices, default=SuggestionState.WAITING)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ready_at = models.DateTimeField(null=True, blank=True)
    model = models.CharField(max_length=80, blank=True)
    """Which machine wrote it, as the service names it."""
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by: "models.ForeignKey[UUID | None, UUID | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    ended_role = models.CharField(max_length=20, blank=True)
    problem = models.CharField(max_length=60, blank=True)
    remote_id = models.CharField(max_length=64, blank=True)
    """The copy at the transcription service."""
    removal_id = models.UUIDField(null=True, blank=True)
    """The message of the outbox that deleted that copy: the egress journal knows it by this."""
    removed_at = models.DateTimeField(null=True, blank=True)

    text = SealedJSONField()
    sound = SealedTextField()

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], condition=_THERE, name="suggestion_copy_there"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=SuggestionKind.values), name="suggestion_kind"),
            models.CheckConstraint(condition=Q(state__in=SuggestionState.values), name="suggestion_state"),
            models.UniqueConstraint(
                fields=["consultation", "kind"], condition=Q(state="waiting"), name="suggestion_asked_once"
            ),
            models.UniqueConstraint(fields=["remote_id"], condition=~Q(remote_id=""), name="suggestion_of_one_copy"),
            by_a_person("suggestion_decided_by_a_person", account="ended_by", role="ended_role", unless=~_BY_A_PERSON),
            models.CheckConstraint(
                condition=Q(state="waiting", text__isnull=True)
                | Q(state="ready", text__isnull=False, sound__isnull=True)
                | Q(text__isnull=True, sound__isnull=True, ended_at__isnull=False),
                name="suggestion_goes_with_its_decision",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(removal_id__isnull=False) & ~Q(remote_id=""),
                name="suggestion_removed_by_a_message",
            ),
        ]
