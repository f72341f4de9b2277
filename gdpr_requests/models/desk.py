"""Requests of people about their data: what is asked, by when it must be answered, what was said and decided (MD-33)."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import by_a_person
from gdpr_requests.desk.grounds import Ground
from gdpr_requests.desk.states import DONE, OVER, State
from privacy.deadlines import DataClass, Right
from privacy.ids import new_id
from vault.fields import SealedJSONField, SealedTextField


class Channel(models.TextChoices):
    """How a request came in."""

    CENTRE = "centre", _("privacy centre")
    PORTAL = "portal", _("patient portal")
    FORM = "form", _("contact form")
    EMAIL = "email", _("e-mail")
    POST = "post", _("post")
    DEATH = "death", _("a recorded death")


class Outcome(models.TextChoices):
    """What was decided."""

    GRANTED = "granted", _("granted")
    PARTLY = "partly", _("granted in part")
    REFUSED = "refused", _("refused")


class Proof(models.TextChoices):
    """How it is known that the person is who they say (MD-32)."""

    LOGIN = "login", _("signed in with a second factor")
    DOCUMENT = "document", _("an identity document, destroyed after the check")
    IN_PERSON = "in_person", _("known to whoever answers, or checked in person")


class ObjectionKind(models.TextChoices):
    """What a person objects to (Art. 21)."""

    MARKETING = "marketing", _("marketing")
    LEGITIMATE_INTEREST = "legitimate_interest", _("processing for a legitimate interest")


class Request(models.Model):
    """One request, with its legal dates as they were computed on the day it came in.

    ``year`` and ``serial`` are its number, without a gap. ``practice_id`` is the controller for care data; empty: the
    house is. ``account_id`` and ``file_id`` have no foreign key: the request outlives both as a pseudonym. Who asks
    without an account is sealed in ``contact`` under a key of the request's own, which also seals the exchanges and dies
    three years after the closure (PC-52). Days are Paris days.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField(_("year"))
    serial = models.PositiveIntegerField(_("number in the year"))
    right = models.CharField(_("right"), max_length=10, choices=[(one.value, one.name) for one in Right])
    data_class = models.CharField(
        _("class of data"), max_length=12, choices=[(one.value, one.name) for one in DataClass]
    )
    objects_to = models.CharField(_("objects to"), max_length=20, choices=ObjectionKind.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    account_id = models.UUIDField(_("who asks"), null=True)
    practice_id = models.UUIDField(_("practice asked"), null=True)
    file_id = models.UUIDField(_("patient's file"), null=True)
    entry_number = models.BigIntegerField(_("questioned entry of the access journal"), null=True)
    contact = SealedJSONField()

    received_at = models.DateTimeField(_("received"))
    filed_at = models.DateTimeField(_("entered"))
    not_before = models.DateTimeField(_("not answered before"))
    target_on = models.DateField(_("aimed at"))
    due_on = models.DateField(_("due"))
    extended_until = models.DateField(_("extended until"), null=True)

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RECEIVED)
    proof = models.CharField(_("identity"), max_length=10, choices=Proof.choices, blank=True)
    proven_at = models.DateTimeField(_("identity checked"), null=True)
    outcome = models.CharField(_("decision"), max_length=8, choices=Outcome.choices, blank=True)
    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by_id = models.UUIDField(_("decided by"), null=True)
    decided_role = models.CharField(_("in which role"), max_length=20, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["year", "serial"], name="request_number_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="request_state"),
            models.CheckConstraint(
                condition=Q(account_id__isnull=False) | Q(contact__isnull=False), name="request_of_somebody"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None, decided_role="")
                | Q(outcome__in=Outcome.values, decided_at__isnull=False),
                name="request_decided_at_a_moment",
            ),
            by_a_person(
                "request_decided_by_a_person", account="decided_by_id", role="decided_role", unless=Q(decided_at=None)
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=[Outcome.PARTLY, Outcome.REFUSED]) | ~Q(ground=""),
                name="request_refused_on_a_ground",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(decided_at__gte=models.F("not_before")), name="request_not_before"
            ),
            models.CheckConstraint(
                condition=Q(entry_number=None) | Q(right=Right.QUESTIONED_ACCESS.value),
                name="request_questions_an_access",
            ),
            models.UniqueConstraint(
                fields=["account_id", "entry_number"], condition=~Q(state=State.WITHDRAWN), name="entry_questioned_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OVER, closed_at__isnull=False) | ~Q(state__in=OVER) & Q(closed_at__isnull=True),
                name="request_closed_at_a_moment",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "-received_at"], name="request_by_account"),
            models.Index(fields=["practice_id", "due_on"], name="request_by_practice"),
            models.Index(fields=["due_on"], condition=~Q(state__in=DONE), name="request_open_by_due"),
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="request_by_closure"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """As people quote it: 2026-00042."""
        return f"{self.year}-{self.serial:05}"

    @property
    def sealed_file_id(self) -> UUID:
        """The request's own key."""
        return self.id

    @property
    def limit_on(self) -> Any:
        """The last day on which an answer is in time (a date in Paris)."""
        return self.extended_until or self.due_on

    @property
    def is_open(self) -> bool:
        """Whether an answer is owed."""
        return self.state not in DONE


class Exchange(models.Model):
    """One step of a request: what was said, by which side, and which move it made. Append-only evidence.

    ``text`` is sealed under the request's key. ``sent_by`` says how the other side was told; ``remedies`` that the
    letter names the CNIL and the courts (PC-69).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request_id = models.UUIDField(_("request"))
    number = models.PositiveIntegerField(_("number in the request"))
    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=12)
    state = models.CharField(_("state after it"), max_length=12, choices=State.choices)
    text = SealedTextField()
    sent_by = models.CharField(_("told by"), max_length=8, blank=True)
    remedies = models.BooleanField(_("names the remedies"), default=False)
    actor_id = models.UUIDField(_("who acted"), null=True)
    actor_role = models.CharField(_("in which role"), max_length=20)

    class Meta:
        verbose_name = _("exchange of a request")
        verbose_name_plural = _("exchanges of requests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request_id", "number"], name="one_exchange_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.number})"

    @property
    def sealed_file_id(self) -> UUID:
        """Sealed under the request's key."""
        return self.request_id


class IdentityDocument(models.Model):
    """That an identity document was sent and checked; the document itself is destroyed with its key (MD-32)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(Request, models.CASCADE, related_name="documents")
    added_at = models.DateTimeField(_("sent"))
    content_type = models.CharField(_("kind"), max_length=40)
    storage_name = models.CharField(_("stored as"), max_length=100, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True)
    checked_by_id = models.UUIDField(_("checked by"), null=True)
    accepted = models.BooleanField(_("accepted"), null=True)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True)

    class Meta:
        verbose_name = _("identity document")
        verbose_name_plural = _("identity documents")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True) | Q(storage_name=""), name="identity_destroyed_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(checked_at=None) | Q(checked_by_id__isnull=False), name="identity_checked_by_a_person"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Reminder(models.Model):
    """That whoever must answer was reminded of one limit, once. Append-only evidence."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request_id = models.UUIDField(_("request"))
    kind = models.CharField(_("kind"), max_length=12)
    limit_on = models.DateField(_("limit"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request_id", "kind", "limit_on"], name="one_reminder_a_limit"),
        ]

    def __str__(self) -> str:
        return self.kind


class Objection(models.Model):
    """That somebody objected: a keyed hash of the address, which outlives the request (PC-52, PC-65)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(
        _("objects to"), max_length=20, choices=[*ObjectionKind.choices, ("texts", _("text messages"))]
    )
    address_key = models.BinaryField(_("keyed hash of the address"), max_length=32)
    since_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "address_key"], name="one_objection_an_address"),
        ]

    def __str__(self) -> str:
        return str(self.id)
