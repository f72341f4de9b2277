"""Training sets: that one was built, that its file ended and why, and whose texts were in it (PC-21)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id
from records.models.files import OfFile


class TrainingBuild(models.Model):
    """A set that was built: evidence, append-only in PostgreSQL itself, and about nobody.

    Its file lies sealed in the storage under a key of its own; the id is the name of both, until there is a
    :class:`TrainingEnd`. ``sha256`` is that of the sealed bytes; ``counts`` says how many came in, and how many stayed out and why.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("number"), unique=True)
    built_at = models.DateTimeField(_("built"))
    asked_role = models.CharField(_("asked by"), max_length=20)
    rules = models.PositiveIntegerField(_("version of the rules"))
    minimum = models.PositiveIntegerField(_("least number of patients"))
    patients = models.PositiveIntegerField(_("patients"))
    texts = models.PositiveIntegerField(_("texts"))
    counts = models.JSONField(_("counts"))
    sha256 = models.CharField(_("hash of the sealed file"), max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    expires_at = models.DateTimeField(_("kept until"))

    class Meta:
        verbose_name = _("training set")
        verbose_name_plural = _("training sets")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(minimum__gte=11), name="training_set_of_eleven_at_least"),
            models.CheckConstraint(condition=Q(patients__gte=models.F("minimum")), name="training_set_is_large_enough"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class EndReason(models.TextChoices):
    """Why a set's file was destroyed."""

    LEFT = "left", _("somebody in it left")
    ERASED = "erased", _("a file in it was destroyed")
    REPLACED = "replaced", _("a newer set took its place")
    EXPIRED = "expired", _("its time was over")
    LOST = "lost", _("its key or its members were gone")


class TrainingEnd(models.Model):
    """The file of a set was destroyed, key and bytes: evidence, append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    build = models.OneToOneField(TrainingBuild, on_delete=models.PROTECT, related_name="end")
    ended_at = models.DateTimeField(_("destroyed"))
    why = models.CharField(_("why"), max_length=10, choices=EndReason.choices)

    class Meta:
        verbose_name = _("end of a training set")
        verbose_name_plural = _("ends of training sets")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(why__in=EndReason.values), name="training_end_says_why")
        ]

    def __str__(self) -> str:
        return f"{self.build_id} {self.why}"


class LeftWhy(models.TextChoices):
    """What closed one of the two locks again, or the file itself."""

    PATIENT = "patient", _("the patient took their consent back")
    PRACTICE = "practice", _("the practice took its own back")
    DEATH = "death", _("the patient died")
    CLOSED = "closed", _("a consent ended by itself, or the file was closed")
    ERASED = "erased", _("the file was destroyed")


class TrainingMember(OfFile):
    """Texts of one author about one patient were in a set. Nothing leads from here to a line of it, or back.

    It is what a withdrawal is recorded on, and what a person is told from.
    """

    build = models.ForeignKey(TrainingBuild, on_delete=models.PROTECT, related_name="members")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField(null=True, blank=True)
    left_why = models.CharField(max_length=10, choices=LeftWhy.choices, blank=True)

    class Meta(OfFile.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["author"], name="training_member_by_author")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["build", "file", "author"], name="training_member_once"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True, left_why="") | Q(left_at__isnull=False, left_why__in=LeftWhy.values),
                name="training_member_left_for_a_reason",
            ),
        ]
