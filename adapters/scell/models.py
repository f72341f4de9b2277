"""Invoices and signatures as Scell.io's own answers left them, and the files that prove a signature."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from adapters.scell.answers import LEVEL_WORDS, Level
from audit.models import DatabaseClock
from privacy.ids import new_id
from vault.rest_fields import AtRestTextField

INVOICE: Final = (
    "asked", "draft", "processing", "converting", "converted", "error", "validated", "transmitted", "rejected", "accepted", "paid",
)  # fmt: skip
SIGNATURE: Final = (
    "asked",
    "pending",
    "waiting_signers",
    "partially_signed",
    "error",
    "expired",
    "refused",
    "completed",
)
LADDERS: Final = {"invoice": INVOICE, "signature": SIGNATURE}
"""Where it stands, each later word stronger than the earlier: events come in any order, and none takes it back."""
OVER: Final = ("paid", "rejected", "completed", "refused", "expired")
PROOFS: Final = ("signed", "audit_trail")
"""What proves a signature: the signed document, and who signed when."""


class Dossier(models.Model):
    """One invoice or one request for signatures at Scell.io. Its id is the reference they know it by.

    ``level``: the strength of a signature in law, above simple only with the provider's own word beside it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=9, choices=[(one, one) for one in LADDERS])
    subject_id = models.UUIDField(null=True)
    """The account it is about, without a foreign key: the row outlives it."""
    provider_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, default="asked")
    level = models.CharField(
        max_length=9, default=Level.SIMPLE.value, choices=[(one.value, one.value) for one in Level]
    )
    level_said = models.CharField(max_length=30, blank=True)
    sandbox = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_id"], name="dossier_of_subject"),
            models.Index(fields=["changed_at"], condition=~Q(state__in=OVER), name="dossier_open"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider_id"], condition=~Q(provider_id=""), name="dossier_once"),
            models.CheckConstraint(condition=Q(level="simple") | ~Q(level_said=""), name="dossier_level_is_their_word"),
            models.CheckConstraint(
                condition=Q(kind="invoice", state__in=INVOICE) | Q(kind="signature", state__in=SIGNATURE),
                name="dossier_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def level_words(self) -> str:
        """What people read of the level; empty while nobody there said one, and for an invoice."""
        return LEVEL_WORDS[Level(self.level)] if self.kind == "signature" and self.provider_id else ""


class Proof(models.Model):
    """A file of a signature, sealed, known by its hash: the document to sign, the signed one, who signed when. Evidence."""

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    at = models.DateTimeField()
    dossier_id = models.UUIDField()
    subject_id = models.UUIDField(null=True)
    what = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = AtRestTextField()
    """The file in base64, sealed: so that an export gives it to the person it is about."""
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier_id", "what"], name="proof_once"),
            models.CheckConstraint(condition=Q(what__in=("original", *PROOFS)), name="proof_what_known"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.sha256}"
