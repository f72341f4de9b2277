"""Orders of authorities to read named files: entered by the office, confirmed by the practice, read by a named agent (MD-43)."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from records.models.files import OfFile, OfPractice
from vault.fields import SealedTextField
from vault.rest_fields import AtRestEmailField

LONGEST: Final = timedelta(days=30)
"""No order is open for longer than this after it was entered; another one is entered as a new order."""
MOST_TRIES: Final = 5
"""Wrong codes after which a link is worth nothing."""


class AuthorityKind(models.TextChoices):
    """Who may ask, where the law orders it."""

    COURT = "court", _("a court")
    POLICE = "police", _("the judicial police, for a prosecutor or a judge")
    CNIL = "cnil", _("the data protection authority (CNIL)")
    INSURANCE = "insurance", _("the medical service of the social security")
    HEALTH = "health", _("the regional health agency or the health inspectorate")
    COUNCIL = "council", _("the Order of the profession, in disciplinary matters")


class OrderGround(models.TextChoices):
    """The text an order rests on."""

    CPP_60_1 = "cpp_60_1", _("Code de procédure pénale, art. 60-1: inquiry into an offence just committed")
    CPP_77_1_1 = "cpp_77_1_1", _("Code de procédure pénale, art. 77-1-1: preliminary inquiry")
    CPP_99_3 = "cpp_99_3", _("Code de procédure pénale, art. 99-3: order of an investigating judge")
    CPC_138 = "cpc_138", _("Code de procédure civile, art. 11 and 138: documents ordered by a civil court")
    LOI_78_17 = "loi_78_17", _("Loi 78-17 of 6 January 1978, art. 19: inspection by the CNIL")
    CSS_315 = "css_315", _("Code de la sécurité sociale, art. L. 315-1: medical control")
    CSP_1421 = "csp_1421", _("Code de la santé publique, art. L. 1421-1 to L. 1421-3: health inspection")
    OTHER = "other", _("another text, named with the reason")


class OrderPart(models.TextChoices):
    """What of a file an order opens."""

    IDENTITY = "identity", _("identity and contact")
    MEDICAL = "medical", _("the medical summary")
    CONSULTATIONS = "consultations", _("signed consultations")
    MEASURES = "measures", _("measures")
    DOCUMENTS = "documents", _("documents and images")


class AuthorityOrderQuerySet(models.QuerySet["AuthorityOrder"]):
    """Reads as words."""

    def running(self, now: datetime) -> Self:
        """Confirmed, not ended, and within its time: by the clock, not by any sweep."""
        return self.filter(confirmed_at__lte=now, until_at__gt=now, ended_at=None)


class AuthorityOrder(OfPractice):
    """One order about files of one practice. What names somebody lies sealed under a key of the order's own.

    The office enters it, somebody else of the practice confirms it, and only then the agent whom it names gets a link and
    a code. PostgreSQL refuses an order with one person behind both, one that runs longer, and any change of what it opens.
    """

    authority = models.CharField(max_length=12, choices=AuthorityKind.choices)
    ground = models.CharField(max_length=12, choices=OrderGround.choices)
    parts = ArrayField(models.CharField(max_length=15, choices=OrderPart.choices))
    issued_on = models.DateField()
    until_at = models.DateTimeField()
    silent_until = models.DateField(null=True, blank=True)
    """The last day on which the order forbids to tell the patient; empty: they are told."""
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    ended_role = models.CharField(max_length=20, blank=True)
    content_type = models.CharField(max_length=40)
    storage_name = models.CharField(max_length=100, blank=True)
    forgotten_at = models.DateTimeField(null=True, blank=True)

    email = AtRestEmailField(blank=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    link_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    reference = SealedTextField()
    why = SealedTextField()
    whom = SealedTextField()
    agent = SealedTextField()
    silent_why = SealedTextField()
    ended_why = SealedTextField()

    objects = AuthorityOrderQuerySet.as_manager()

    class Meta(OfPractice.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["practice", "-entered_at"], name="order_by_practice"),
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="order_by_agent"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(authority__in=AuthorityKind.values), name="order_authority"),
            models.CheckConstraint(condition=Q(ground__in=OrderGround.values), name="order_ground"),
            models.CheckConstraint(
                condition=Q(parts__contained_by=OrderPart.values) & Q(parts__len__gt=0), name="order_names_parts"
            ),
            models.CheckConstraint(
                condition=Q(reference__isnull=False, why__isnull=False, agent__isnull=False)
                & (~Q(storage_name="") | Q(forgotten_at__isnull=False)),
                name="order_has_reference_reason_agent_and_paper",
            ),
            models.CheckConstraint(
                condition=Q(until_at__gt=F("entered_at"), until_at__lte=F("entered_at") + LONGEST),
                name="order_ends_within_30_days",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__gte=F("entered_at"), confirmed_at__lt=F("until_at"), confirmed_by__isnull=False)
                & ~Q(confirmed_by=F("entered_by")),
                name="order_confirmed_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, ended_role="", ended_why__isnull=True)
                | Q(ended_at__gte=F("entered_at"), ended_by__isnull=False, ended_why__isnull=False) & ~Q(ended_role=""),
                name="order_ended_by_somebody_and_why",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True, joined_at__isnull=True)
                | Q(account__isnull=False, confirmed_at__isnull=False, joined_at__gte=F("confirmed_at"))
                & ~Q(account=F("entered_by"))
                & ~Q(account=F("confirmed_by")),
                name="order_read_by_a_third_person_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(token_hash__isnull=True)
                | Q(confirmed_at__isnull=False, link_until__isnull=False) & ~Q(code_hash=""),
                name="order_link_once_confirmed",
            ),
            models.CheckConstraint(condition=Q(tries__lte=MOST_TRIES), name="order_few_tries"),
            models.CheckConstraint(
                condition=Q(silent_until__isnull=True, silent_why__isnull=True)
                | Q(silent_until__isnull=False, silent_why__isnull=False),
                name="order_silent_on_a_ground",
            ),
        ]

    @property
    def sealed_file_id(self) -> UUID:
        """The order's own key."""
        return self.id

    @property
    def ref(self) -> str:
        """What the access journal carries with each opening under the order."""
        return f"order:{self.id}"

    def is_running(self, now: datetime) -> bool:
        """Whether it opens anything at ``now``."""
        return self.confirmed_at is not None and self.ended_at is None and now < self.until_at

    def waits(self, now: datetime) -> bool:
        """Whether the practice still has to confirm it."""
        return self.confirmed_at is None and self.ended_at is None and now < self.until_at

    def opens(self, part: str) -> bool:
        """Whether the order names this part."""
        return part in self.parts


class ToldHow(models.TextChoices):
    """How the patient learnt of the order."""

    MAIL = "mail", _("by an e-mail sent from here")
    LETTER = "letter", _("by a letter of the practice")
    SPOKEN = "spoken", _("in person or by phone")


class OrderedFile(OfFile):
    """One file that an order names. It can be taken out at any time, and never be added once the order is confirmed."""

    order = models.ForeignKey(AuthorityOrder, models.PROTECT, related_name="files")
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taken_out_at = models.DateTimeField(null=True, blank=True)
    taken_out_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    told_how = models.CharField(max_length=10, choices=ToldHow.choices, blank=True)

    class Meta(OfFile.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "file"], name="ordered_file_once"),
            models.CheckConstraint(
                condition=Q(taken_out_at__isnull=True, taken_out_by__isnull=True)
                | Q(taken_out_at__gte=F("named_at"), taken_out_by__isnull=False),
                name="ordered_file_taken_out_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_how="") | Q(told_at__isnull=False, told_how__in=ToldHow.values),
                name="ordered_file_told_somehow",
            ),
        ]
