"""The breach register (Art. 33(5)): facts that only grow, and one notice for each person (MD-55, MD-56)."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.actors import NAMELESS_ROLES
from audit.constraints import by_a_person
from privacy.ids import new_id
from vault.fields import SealedJSONField


class Risk(models.TextChoices):
    """What a breach may do to people: it decides who is told (Art. 33(1), 34(1))."""

    NONE = "none", _("unlikely to be a risk: nobody has to be told")
    RISK = "risk", _("a risk: the authority is told")
    HIGH = "high", _("a high risk: the authority and the people are told")


class BreachEvent(models.Model):
    """One fact of one breach. Rows are added, never changed: what is thought otherwise later is a new row.

    ``facts`` holds moments, ids, codes and counts. ``said`` is what the office wrote, sealed under a key of the breach's own.
    """

    class Kind(models.TextChoices):
        """What happened in the register."""

        OPENED = "opened", _("entered")
        SCOPED = "scoped", _("scope added")
        DECIDED = "decided", _("risk decided")
        AUTHORITY = "authority", _("authority told")
        PEOPLE = "people", _("people told")
        PASSWORDS = "passwords", _("new passwords asked for")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    breach_id = models.UUIDField(_("breach"))
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("when"))
    actor_id = models.UUIDField(_("who"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)
    facts = models.JSONField(_("facts"), default=dict)
    said = SealedJSONField()
    # The three columns of evidence: PostgreSQL's trigger writes them, whatever is sent.
    seq = models.BigIntegerField(default=0, editable=False)
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    leaf = models.BinaryField(default=b"", editable=False)

    class Meta:
        verbose_name = _("entry of the breach register")
        verbose_name_plural = _("breach register")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["breach_id", "number"], name="breach_event_once"),
            models.UniqueConstraint(
                fields=["breach_id", "kind"],
                condition=Q(kind__in=("opened", "authority", "closed")),
                name="breach_once",
            ),
            models.CheckConstraint(
                condition=Q(actor_role__in=NAMELESS_ROLES) | Q(actor_id__isnull=False), name="breach_event_imputable"
            ),
            by_a_person(
                "breach_decided_by_a_person", account="actor_id", role="actor_role",
                unless=Q(kind__in=("opened", "scoped")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.breach_id} {self.number}"

    @property
    def sealed_file_id(self) -> UUID:
        """The breach's own key."""
        return self.breach_id


class BreachNotice(models.Model):
    """One person to be told of one breach; sent once. ``subject_id`` is an account's or a patient file's random id."""

    class Whom(models.TextChoices):
        """In which way the breach touches them."""

        HOLDER = "holder", _("whose credentials were used")
        CONTROLLER = "controller", _("in whose practice a file was opened")
        PATIENT = "patient", _("whose file was opened")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    breach_id = models.UUIDField(_("breach"))
    whom = models.CharField(_("whom"), max_length=10, choices=Whom.choices)
    subject_id = models.UUIDField(_("account or file"))
    due_at = models.DateTimeField(_("decided"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    by_post = models.BooleanField(_("to be told by letter"), default=False)

    class Meta:
        verbose_name = _("notice of a breach")
        verbose_name_plural = _("notices of breaches")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["breach_id", "whom", "subject_id"], name="breach_notice_once")
        ]

    def __str__(self) -> str:
        return str(self.id)
