"""What was published of the practices together: the figures, and the ledger of what they may tell (PC-20)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class StatisticsRelease(models.Model):
    """One question answered for one quarter, once: evidence, append-only in PostgreSQL itself. It is about nobody.

    ``epsilon`` and ``delta`` are what it may tell about one practice, ``patient_epsilon`` about one patient; ``bounds`` the sensitivity
    and scale of each mechanism; ``cohort`` a keyed hash of who was in it and ``cohort_number`` the version of that.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    question = models.CharField(_("question"), max_length=20)
    period = models.DateField(_("first day of the quarter"))
    published_at = models.DateTimeField(_("published"))
    mechanism = models.CharField(_("mechanism"), max_length=80)
    epsilon = models.FloatField(_("epsilon of a practice"))
    delta = models.FloatField(_("delta"))
    patient_epsilon = models.FloatField(_("epsilon of a patient"))
    bounds = models.JSONField(_("bounds"))
    cohort = models.CharField(_("mark of the cohort"), max_length=64)
    cohort_number = models.PositiveIntegerField(_("version of the cohort"))
    cells = models.JSONField(_("figures"))

    class Meta:
        verbose_name = _("publication of statistics")
        verbose_name_plural = _("publications of statistics")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["question", "period"], name="statistics_answered_once"),
            models.CheckConstraint(condition=Q(epsilon__gt=0, delta__gte=0), name="statistics_cost_something"),
        ]

    def __str__(self) -> str:
        return f"{self.question} {self.period}"
