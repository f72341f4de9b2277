"""What the house itself has to renew: certificates, audits, training; each with its proof (PC-82)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class DutyKind(models.TextChoices):
    """What kind of thing falls due."""

    HOSTING = "hosting", _("Certificate of the hosting (HDS)")
    AUDIT = "audit", _("Audit")
    TRAINING = "training", _("Training")
    AGREEMENT = "agreement", _("Agreement with a subprocessor")
    OTHER = "other", _("Something else")


class Duty(models.Model):
    """Something that has to be done, once or again and again. It is about the house, about nobody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=DutyKind)
    title = models.CharField(_("title"), max_length=200)
    subprocessor = models.CharField(_("subprocessor"), max_length=30, blank=True)
    every_months = models.PositiveSmallIntegerField(_("again after, in months"), null=True)
    first_due_on = models.DateField(_("due for the first time on"))
    created_at = models.DateTimeField(_("entered"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duties")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DutyKind.values), name="duty_kind"),
            models.CheckConstraint(
                condition=Q(kind=DutyKind.AGREEMENT) ^ Q(subprocessor=""), name="duty_of_a_subprocessor"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="duty_has_a_title"),
            models.CheckConstraint(
                condition=Q(every_months=None) | Q(every_months__range=(1, 120)), name="duty_returns_within_ten_years"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DutyDone(models.Model):
    """It was done, on that day, and the document with this hash proves it. Evidence: only ever added to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="done", verbose_name=_("duty"))
    done_on = models.DateField(_("done on"))
    next_due_on = models.DateField(_("due again on"), null=True)
    recorded_at = models.DateTimeField(_("entered"))
    sha256 = models.BinaryField(_("hash of the proof"), max_length=32)

    class Meta:
        verbose_name = _("duty done")
        verbose_name_plural = _("duties done")
        constraints = [
            models.UniqueConstraint(fields=["duty", "done_on"], name="duty_done_once_a_day"),
            models.CheckConstraint(
                condition=Q(next_due_on=None) | Q(next_due_on__gt=F("done_on")), name="duty_due_again_later"
            ),
        ]


class DutyProof(models.Model):
    """The document that proves an entry, sealed under a key of the house."""

    done = models.OneToOneField(DutyDone, on_delete=models.PROTECT, primary_key=True, related_name="proof")
    content_type = models.CharField(_("kind of document"), max_length=60)
    sealed = models.BinaryField(_("document, sealed"))

    class Meta:
        verbose_name = _("proof of a duty")
        verbose_name_plural = _("proofs of duties")
