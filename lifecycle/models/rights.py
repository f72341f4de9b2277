"""What main remembers of the rights journal, of replays after a restore, and what another eye found after an erasure."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class RightsMark(models.Model):
    """How far the rights journal has come with one table. Without it a lost journal would go unseen.

    Every row that was entered before ``complete_until`` is copied; ``entry_id`` is the newest copied row, if any.
    """

    stream = models.CharField(_("table"), max_length=63, primary_key=True)
    entry_id = models.UUIDField(_("newest copied row"), null=True)
    complete_until = models.DateTimeField(_("complete until"))

    class Meta:
        verbose_name = _("mark of the rights journal")
        verbose_name_plural = _("marks of the rights journal")

    def __str__(self) -> str:
        return self.stream


class RightsReplay(models.Model):
    """One replay of the rights journal after a restore. Until it is finished, nothing starts (NEW-08)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    started_at = models.DateTimeField(_("began"))
    finished_at = models.DateTimeField(_("ended"), null=True)
    counts = models.JSONField(_("what it did"), default=dict)

    class Meta:
        verbose_name = _("replay of rights")
        verbose_name_plural = _("replays of rights")

    def __str__(self) -> str:
        return self.started_at.isoformat()


class ResidueScan(models.Model):
    """What the scan after an erasure found: how many places per kind of store, no word of the person (NEW-07)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("account or file"))
    at = models.DateTimeField(_("when"))
    tokens = models.PositiveIntegerField(_("words searched"))
    counts = models.JSONField(_("places by store"))
    is_clean = models.BooleanField(_("nothing found"))

    class Meta:
        verbose_name = _("residue scan")
        verbose_name_plural = _("residue scans")
        indexes: ClassVar = [models.Index(fields=["subject_id", "-at"], name="residue_scan_by_subject")]

    def __str__(self) -> str:
        return str(self.subject_id)
