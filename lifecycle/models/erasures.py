"""What was approved, decided and carried out of erasures; the archive of a contracting party; certificates (PC-35, PC-36, NEW-06)."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.actors import NAMELESS_ROLES
from audit.constraints import by_a_person
from privacy.ids import new_id
from vault.fields import SealedJSONField


class Erasure(models.Model):
    """One state that an erasure came to. Rows are added, never changed; from "decided" on there is no way back.

    ``subject_id`` is the random id of an account or a patient's file, without a foreign key; the rows after the decision
    leave it out, so that their proof of inclusion names nobody. ``figures`` holds counts, random ids, rules and days.
    """

    class State(models.TextChoices):
        """How far it is."""

        APPROVED = "approved", _("approved")
        DECIDED = "decided", _("decided")
        DONE = "done", _("done")
        VERIFIED = "verified", _("verified")
        CERTIFIED = "certified", _("certified")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    erasure_id = models.UUIDField(_("erasure"))
    state = models.CharField(_("state"), max_length=10, choices=State)
    kind = models.CharField(_("kind"), max_length=8)
    subject_id = models.UUIDField(_("whose"), null=True)
    at = models.DateTimeField(_("when"))
    plan_sha256 = models.CharField(_("plan"), max_length=64)
    approved_sha256 = models.CharField(_("approved plan"), max_length=64, blank=True)
    replayed = models.BooleanField(_("after a restore"), default=False)
    figures = models.JSONField(_("figures"), default=dict)
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["erasure_id", "state"], name="one_erasure_state"),
            models.UniqueConstraint(
                fields=["subject_id"], condition=Q(state="decided"), name="one_erasure_decided_of_a_subject"
            ),
            models.CheckConstraint(
                condition=Q(actor_role__in=NAMELESS_ROLES) | Q(actor_id__isnull=False), name="erasure_imputable"
            ),
            by_a_person(
                "erasure_approved_by_a_person", account="actor_id", role="actor_role", unless=~Q(state="approved")
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["subject_id", "plan_sha256"], name="erasure_by_plan")]

    def __str__(self) -> str:
        return f"{self.erasure_id} {self.state}"


class ErasureCertificate(models.Model):
    """The signed statement of one erasure, as it was given away: exact JSON, and the PDF that carries it. Names nobody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    erasure_id = models.UUIDField(_("erasure"), unique=True)
    made_at = models.DateTimeField(_("made"))
    content = models.TextField(_("statement"))
    pdf = models.BinaryField(_("document"))
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("erasure certificate")
        verbose_name_plural = _("erasure certificates")

    def __str__(self) -> str:
        return str(self.id)


class ClosedAccount(models.Model):
    """Who the contracting party of a closed account was: sealed under a key of its own, in the archive, until ``keep_until``.

    ``sought`` are the words that the residue scan looks for; it is emptied when the erasure was verified.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_id = models.UUIDField(_("account"), unique=True)
    closed_at = models.DateTimeField(_("closed"))
    keep_until = models.DateField(_("kept until"))
    jurisdiction = models.CharField(_("calendar"), max_length=2)

    identity = SealedJSONField()
    sought = SealedJSONField()

    class Meta:
        verbose_name = _("closed account")
        verbose_name_plural = _("closed accounts")
        indexes: ClassVar = [models.Index(fields=["keep_until"], name="closed_account_by_term")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sealed_file_id(self) -> UUID:
        """The key of this row alone."""
        return self.id
