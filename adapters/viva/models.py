"""Payments as Viva's own answers left them."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from privacy.ids import new_id

LADDER: Final = (
    "asked", "begun", "ordered", "failed", "pending", "expired", "cancelled", "paid", "partly_refunded", "refunded", "disputed",
    "dispute_won", "dispute_lost",
)  # fmt: skip
"""Where a payment stands, each later word stronger than the earlier: events come in any order, and none takes it back.

Only a card that waits (``pending``) may still be refused (``failed``), and the next one wait.
"""
OPEN: Final = ("begun", "ordered", "failed", "pending")
"""Where an answer is still awaited. A card that was refused isn't the end: the page takes another."""
SETTLED: Final = ("paid", "partly_refunded", "refunded", "disputed", "dispute_won", "dispute_lost")


class Way(models.TextChoices):
    """How money moves: by a page somebody pays at, again by what they agreed to, or back."""

    ORDER = "order"
    CHARGE = "charge"
    REFUND = "refund"


class Payment(models.Model):
    """One movement of money through Viva. Its id is the reference that Viva knows it by; amounts are cents.

    Card and bank data stay with Viva. ``begun`` is written before a charge or a refund leaves: whatever becomes of the answer,
    it isn't sent again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    way = models.CharField(max_length=6, choices=Way)
    kind = models.CharField(max_length=12, choices=[("subscription", "subscription"), ("patient", "patient")])
    subject_id = models.UUIDField(null=True)
    """The account it is about, without a foreign key: the row outlives it."""
    merchant = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    """Of a refund: what is given back. Of a charge: where it was agreed to."""
    amount = models.PositiveIntegerField()
    given_back = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, default="asked", choices=[(one, one) for one in LADDER])
    order_code = models.CharField(max_length=16, blank=True)
    transaction_id = models.UUIDField(null=True)
    asked_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_id"], name="payment_of_subject"),
            models.Index(fields=["changed_at"], condition=Q(state__in=OPEN), name="payment_open"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order_code"], condition=~Q(order_code=""), name="payment_one_order"),
            models.UniqueConstraint(fields=["transaction_id"], condition=Q(transaction_id__isnull=False), name="payment_one_transaction"),
            models.CheckConstraint(condition=Q(amount__gt=0, given_back__lte=models.F("amount")), name="payment_amounts"),
            models.CheckConstraint(condition=Q(state__in=LADDER), name="payment_state_known"),
            models.CheckConstraint(condition=Q(way="order", parent=None) | ~Q(way="order") & Q(parent__isnull=False), name="payment_has_its_parent"),
            models.CheckConstraint(
                condition=~Q(state__in=SETTLED) | Q(transaction_id__isnull=False), name="payment_settled_by_a_transaction"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.way} {self.state}"
