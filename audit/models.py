"""The three journals, and what seals them. All of it only grows; PostgreSQL itself refuses the rest.

``written_at`` is the database's own clock and decides the month; ``at`` is the moment the acting
code worked with. ``leaf`` and the number are set by a trigger, whatever the writer sends.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.actors import NAMELESS_ROLES
from audit.fields import NumberRangesField


class DatabaseClock(models.Func):
    """The database's clock at this very moment, not at the start of the transaction."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class Entry(models.Model):
    """What every journal says of an act: when, by whom, through which door."""

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    at = models.DateTimeField(_("when"))
    actor_id = models.UUIDField(_("account"), null=True)
    actor_role = models.CharField(_("role"), max_length=20)
    channel = models.CharField(_("channel"), max_length=10)
    session_ref = models.CharField(_("session"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=100, blank=True)
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        abstract = True


def imputable(table: str) -> models.CheckConstraint:
    """A person's act names the person's account; only the house itself may go without (MD-57)."""
    return models.CheckConstraint(
        condition=Q(actor_role__in=NAMELESS_ROLES) | Q(actor_id__isnull=False), name=f"{table}_imputable"
    )


class AccessEntry(Entry):
    """Who saw which part of which file, when, why and from where (PC-70)."""

    practice_id = models.UUIDField(_("practice"), null=True)
    subject_id = models.UUIDField(_("file"))
    part = models.CharField(_("part"), max_length=60)
    action = models.CharField(_("action"), max_length=20)
    purpose = models.CharField(_("purpose"), max_length=20)
    ip = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("device"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access journal")
        indexes = [
            models.Index(fields=["subject_id", "-at"], name="audit_access_subject"),
            models.Index(fields=["practice_id", "-at"], name="audit_access_practice"),
            models.Index(fields=["actor_id", "-at"], name="audit_access_actor"),
        ]
        constraints = [imputable("audit_accessentry")]


class SecurityEntry(Entry):
    """Logins, factors, lock-outs: the supervision log."""

    account_id = models.UUIDField(_("account concerned"), null=True)
    kind = models.CharField(_("event"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=10)
    ip = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("device"), max_length=400, blank=True)
    detail = models.JSONField(_("detail"), default=dict)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security journal")
        indexes = [models.Index(fields=["account_id", "-at"], name="audit_security_account")]
        constraints = [imputable("audit_securityentry")]


class EventEntry(Entry):
    """Each creation, change and deletion, with the person who did it (MD-44, MD-57)."""

    practice_id = models.UUIDField(_("practice"), null=True)
    subject_id = models.UUIDField(_("file"), null=True)
    verb = models.CharField(_("event"), max_length=80)
    object_type = models.CharField(_("kind of object"), max_length=80)
    object_id = models.CharField(_("object"), max_length=64)
    detail = models.JSONField(_("detail"), default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("event journal")
        indexes = [
            models.Index(fields=["subject_id", "-at"], name="audit_event_subject"),
            models.Index(fields=["practice_id", "-at"], name="audit_event_practice"),
            models.Index(fields=["object_type", "object_id"], name="audit_event_object"),
        ]
        constraints = [imputable("audit_evententry")]


class ExpiredMonth(models.Model):
    """A month of a journal that left at the end of its term. The only way out, and evidence itself."""

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    at = models.DateTimeField(_("when"))
    stream = models.CharField(_("journal"), max_length=40)
    table_name = models.CharField(_("table"), max_length=63)
    month = models.DateField(_("month"))
    rows = models.BigIntegerField(_("entries"))
    actor_role = models.CharField(_("role"), max_length=20)
    request_id = models.CharField(_("request"), max_length=100, blank=True)
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        verbose_name = _("expired month")
        verbose_name_plural = _("expired months")
        constraints = [models.UniqueConstraint(fields=["table_name", "month"], name="audit_month_expires_once")]


class ExpiredRows(models.Model):
    """Rows of evidence that left one by one at the end of their own terms, by number. Evidence itself.

    PostgreSQL records none before its term, and lets exactly the recorded ones go. Their hashes stay under their
    seals, so every other row is verified as before. ``newest`` is the youngest of them on the clock of their rule.
    """

    id = models.BigAutoField(primary_key=True, db_column="seq")
    written_at = models.DateTimeField(db_default=DatabaseClock(), editable=False)
    at = models.DateTimeField(_("when"))
    stream = models.CharField(_("journal"), max_length=40)
    table_name = models.CharField(_("table"), max_length=63)
    numbers = NumberRangesField(_("numbers of the entries"))
    rows = models.BigIntegerField(_("entries"))
    rule = models.CharField(_("rule"), max_length=60)
    newest = models.DateTimeField(_("the youngest"), null=True, editable=False)
    actor_role = models.CharField(_("role"), max_length=20)
    request_id = models.CharField(_("request"), max_length=100, blank=True)
    leaf = models.BinaryField(editable=False, default=b"")

    class Meta:
        verbose_name = _("expired entries")
        verbose_name_plural = _("expired entries")
        indexes = [models.Index(fields=["table_name"], name="audit_expired_rows_table")]


class Seal(models.Model):
    """A signed statement over a batch of entries of one table and month, chained to the one before."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(_("when"))
    stream = models.CharField(_("journal"), max_length=40)
    table_name = models.CharField(_("table"), max_length=63)
    month = models.DateField(_("month"))
    rows = models.IntegerField(_("entries"))
    covered = NumberRangesField(_("covered numbers"))
    burnt = NumberRangesField(_("burnt numbers"))
    settled = models.BigIntegerField(_("all decided below"))
    top = models.BigIntegerField(_("first number not seen yet"))
    root = models.BinaryField(_("Merkle root"))
    previous = models.BinaryField(_("hash of the previous seal"))
    key_id = models.CharField(_("key"), max_length=40)
    signature = models.BinaryField(_("signature"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        indexes = [models.Index(fields=["table_name", "top"], name="audit_seal_open")]


class SealLeaves(models.Model):
    """The leaf hashes under a seal in order of their numbers, so that a forged entry can be named."""

    number = models.BigIntegerField(primary_key=True)
    table_name = models.CharField(_("table"), max_length=63)
    month = models.DateField(_("month"))
    leaves = models.BinaryField(_("leaf hashes"))

    class Meta:
        verbose_name = _("leaves of a seal")
        verbose_name_plural = _("leaves of seals")

    def hashes(self) -> list[bytes]:
        """The 32-byte hashes."""
        packed: Any = bytes(self.leaves)
        return [packed[at : at + 32] for at in range(0, len(packed), 32)]
