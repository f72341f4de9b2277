"""What a practitioner shares with the patient, and what the patient writes into the file (MD-03)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from care.models import Capacity
from records.models.content import Consultation, Document
from records.models.files import OfFile
from vault.fields import SealedJSONField


class Share(OfFile):
    """A document or a signed consultation that the portal shows, since a moment, until it is taken back."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    shared_at = models.DateTimeField()
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["file", "-shared_at"], name="share_by_file")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(document__isnull=True) ^ Q(consultation__isnull=True), name="share_of_one_thing"
            ),
            models.UniqueConstraint(
                fields=["document"], condition=Q(withdrawn_at__isnull=True), name="share_document_once"
            ),
            models.UniqueConstraint(
                fields=["consultation"], condition=Q(withdrawn_at__isnull=True), name="share_consultation_once"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__gte=F("shared_at"), withdrawn_by__isnull=False),
                name="share_withdrawn_by_somebody_later",
            ),
        ]


class QuestionnaireDraft(OfFile):
    """What an account has begun to answer and not handed in yet; emptied when it is."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    answers = SealedJSONField()

    class Meta(OfFile.Meta):
        abstract = False
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "account"], name="questionnaire_draft_once")]


class Questionnaire(OfFile):
    """The medical questionnaire as it was handed in, one row a version: PostgreSQL refuses to change one."""

    number = models.PositiveIntegerField()
    handed_in_at = models.DateTimeField()
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)

    answers = SealedJSONField()

    class Meta(OfFile.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "number"], name="questionnaire_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="questionnaire_version_from_1"),
            models.CheckConstraint(condition=Q(answers__isnull=False), name="questionnaire_says_something"),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="questionnaire_capacity"),
        ]
