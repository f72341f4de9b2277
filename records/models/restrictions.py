"""Restrictions of processing on patient files, and the readings that a legal claim or the patient's consent allows (PC-63)."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from records.models.files import OfFile
from vault.fields import SealedTextField


class RestrictionGround(models.TextChoices):
    """Why a person may have the processing restricted: Art. 18(1)(a) to (d)."""

    ACCURACY = "accuracy", _("the patient says that something in it is wrong, and it is being checked")
    UNLAWFUL = "unlawful", _("the processing was unlawful, and the patient wants it kept, not erased")
    CLAIMS = "claims", _("the patient needs it for a legal claim, though you don't need it any more")
    OBJECTION = "objection", _("the patient objected, and it is being weighed whose reasons count more")


class Told(models.TextChoices):
    """How the person learnt that the restriction is about to be lifted (Art. 18(3))."""

    MAIL = "mail", _("by e-mail, sent from here now")
    LETTER = "letter", _("by a letter that you sent")
    SPOKEN = "spoken", _("in person or by phone")
    WISH = "wish", _("it is the patient's own wish")


def _account(null: bool = True) -> "models.ForeignKey[UUID | None, UUID | None]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=null, blank=null)


class Restriction(OfFile):
    """One restriction of one file: begun, told of, lifted. PostgreSQL lets nothing else of it change.

    Its note and the reason of its end lie under a key of its own: they are read without opening the file.
    A file is only stored as long as any restriction on it isn't lifted.
    """

    ground = models.CharField(max_length=20, choices=RestrictionGround.choices)
    request_id = models.UUIDField(null=True, blank=True)
    since_at = models.DateTimeField()
    since_by = _account()
    since_role = models.CharField(max_length=20)
    told_at = models.DateTimeField(null=True, blank=True)
    told_by = _account()
    told_how = models.CharField(max_length=10, choices=Told.choices, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = _account()
    lifted_role = models.CharField(max_length=20, blank=True)

    note = SealedTextField()
    lifted_why = SealedTextField()

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["file"], condition=Q(lifted_at=None), name="restriction_live_by_file"),
            models.Index(fields=["file", "-since_at"], name="restriction_by_file"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ground__in=RestrictionGround.values), name="restriction_ground"),
            by_a_person("restriction_begun_by_a_person", account="since_by", role="since_role"),
            by_a_person(
                "restriction_lifted_by_a_person", account="lifted_by", role="lifted_role", unless=Q(lifted_at=None)
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_how="") | Q(told_at__isnull=False, told_how__in=Told.values),
                name="restriction_told_somehow",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_why__isnull=True)
                | Q(
                    told_at__isnull=False, lifted_at__gte=F("told_at"), told_at__gte=F("since_at"), lifted_why__isnull=False
                )
                & ~Q(lifted_role=""),
                name="restriction_told_before_it_is_lifted",
            ),
            models.UniqueConstraint(
                fields=["file", "ground", "request_id"], condition=Q(lifted_at=None), nulls_distinct=False,
                name="restriction_once_for_a_ground",
            ),
        ]  # fmt: skip

    @property
    def sealed_file_id(self) -> UUID:
        """The restriction's own key."""
        return self.id

    @property
    def is_live(self) -> bool:
        """Whether it restricts."""
        return self.lifted_at is None


class OpeningGround(models.TextChoices):
    """What a restricted file may be read for: Art. 18(2)."""

    CLAIMS = "claims", _("a legal claim: to establish, exercise or defend it")
    CONSENT = "consent", _("the patient agrees to this reading")
    PROTECTION = "protection", _("to protect the rights of another person")


class RestrictedOpening(OfFile):
    """One reading of a restricted file: by whom, on which ground, until when, and sealed, why."""

    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ground = models.CharField(max_length=20, choices=OpeningGround.choices)
    until = models.DateTimeField()

    why = SealedTextField()

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["file", "-opened_at"], name="reading_by_file")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ground__in=OpeningGround.values), name="reading_ground"),
            models.CheckConstraint(condition=Q(why__isnull=False), name="reading_says_why"),
            models.CheckConstraint(condition=Q(until__gt=F("opened_at")), name="reading_ends"),
        ]
