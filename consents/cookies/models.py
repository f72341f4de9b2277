"""How often a page was opened on a day, by visitors who said yes. Nothing else is known (PC-110)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class PageCount(models.Model):
    """One page of the house on one day. No person, address, browser or order of visits: a number."""

    day = models.DateField(_("day"))
    page = models.CharField(_("page"), max_length=80)
    views = models.PositiveIntegerField(_("times opened"), default=0)

    class Meta:
        verbose_name = _("count of a page")
        verbose_name_plural = _("counts of pages")
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "page"], name="page_count_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.page}"
