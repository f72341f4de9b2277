"""Legal holds on patient files (LAW-03)."""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from records.models import OfFile
from vault.fields import SealedTextField


class Ground(models.TextChoices):
    """Why the law lets a file be kept beyond its term."""

    DISPUTE = "dispute", _("a dispute")
    CLAIM = "claim", _("a claim for damages")
    COURT = "court_order", _("a court order")
    AUTHORITY = "authority", _("an inquiry of an authority")


def _account(name: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=name, related_name="+", null=True, blank=True
    )


class Hold(OfFile):
    """One hold on one file: placed, and at most once lifted. PostgreSQL lets nothing else change.

    Case and reasons often name people, so they are sealed, under a key of the hold's own: a hold
    can be placed on a file whose key is restricted or archived, and the office reads why a file is
    held without opening the file.
    """

    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices)
    placed_at = models.DateTimeField(_("placed"))
    placed_by = _account(_("placed by"))
    placed_role = models.CharField(_("in which role"), max_length=20)
    review_on = models.DateField(_("to be reviewed on"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = _account(_("lifted by"))
    lifted_role = models.CharField(_("in which role"), max_length=20, blank=True)

    case = SealedTextField()
    why = SealedTextField()
    lifted_why = SealedTextField()

    class Meta(OfFile.Meta):
        abstract = False
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        indexes: ClassVar = [
            models.Index(fields=["file", "placed_at"], name="hold_by_file"),
            models.Index(fields=["file"], condition=Q(lifted_at=None), name="hold_live_by_file"),
            models.Index(fields=["review_on"], condition=Q(lifted_at=None), name="hold_live_by_review"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ground__in=Ground.values), name="hold_ground"),
            models.CheckConstraint(condition=Q(case__isnull=False, why__isnull=False), name="hold_says_why"),
            by_a_person("hold_placed_by_a_person", account="placed_by", role="placed_role"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lifted_role="", lifted_why__isnull=True)
                | Q(lifted_at__isnull=False, lifted_why__isnull=False),
                name="hold_lifted_at_a_moment_and_why",
            ),
            by_a_person(
                "hold_lifted_by_a_person", account="lifted_by", role="lifted_role", unless=Q(lifted_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=models.F("placed_at")),
                name="hold_lifted_after_it_was_placed",
            ),
        ]

    @property
    def sealed_file_id(self) -> UUID:
        """The hold's own key."""
        return self.id

    @property
    def is_live(self) -> bool:
        """Whether it still holds."""
        return self.lifted_at is None
