"""A question to a patient's payer and its answer (MD-73)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from records.models.files import OfFile


class CoverageOutcome(models.TextChoices):
    """What came of a question; empty while it waits. Only the first three are the payer's own word."""

    COVERED = "covered", _("covered")
    NOT_COVERED = "not_covered", _("not covered")
    UNKNOWN_MEMBER = "unknown_member", _("unknown to the payer")
    UNREACHABLE = "unreachable", _("the payer could not be reached")
    UNCLEAR = "unclear", _("the payer gave no usable answer")
    CLOSED = "closed", _("the way to the payer is closed here")
    NO_NUMBER = "no_number", _("no number to ask with")
    STOPPED = "stopped", _("stopped: the file is left alone")


class CoverageCheck(OfFile):
    """One question, about one day. Kept with its time and source; a later question is another row."""

    payer = models.CharField(max_length=30)
    about_on = models.DateField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=CoverageOutcome.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=253, blank=True)
    """The host that answered; empty where nobody did."""

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["file", "-asked_at"], name="coverage_of_file")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file"], condition=Q(outcome=""), name="coverage_asked_once"),
            models.CheckConstraint(condition=Q(outcome__in=["", *CoverageOutcome.values]), name="coverage_outcome"),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at__isnull=True, source="")
                | ~Q(outcome="") & Q(answered_at__gte=models.F("asked_at")),
                name="coverage_answered_at_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["covered", "not_covered", "unknown_member"]) | ~Q(source=""),
                name="coverage_said_by_somebody",
            ),
        ]
