"""What a granted correction changed, and which recipients were told of a correction, an erasure or a restriction (PC-61, Art. 19)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class What(models.TextChoices):
    """Where the correction is recorded."""

    RECORD = "record", _("in the patient's file, linked")
    STATED = "stated", _("elsewhere: the answer says where and what")


class Rectified(models.Model):
    """A granted request for correction led to this: append-only evidence.

    ``made_id`` is the row of the file's history (``records.Correction`` or ``records.ConsultationVersion``), without a
    foreign key: the register outlives the file.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request_id = models.UUIDField(_("request"))
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    made_id = models.UUIDField(_("entry of the file's history"), null=True)
    linked_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("correction made for a request")
        verbose_name_plural = _("corrections made for requests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request_id", "made_id"], nulls_distinct=False, name="rectified_once"),
            models.CheckConstraint(
                condition=Q(what="record", made_id__isnull=False) | Q(what="stated", made_id__isnull=True),
                name="rectified_in_the_record_or_stated",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RecipientTold(models.Model):
    """That a reader was told that a file was corrected, erased or restricted: by the portal, or under an order. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request_id = models.UUIDField(_("request"))
    account_id = models.UUIDField(_("who was told"))
    told_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("notice to a recipient")
        verbose_name_plural = _("notices to recipients")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request_id", "account_id"], name="recipient_told_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)
