"""Links sent to an account's own address, and what happened to lost credentials. Of a link or a code only a hash is kept."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id
from vault.rest_fields import AtRestTextField


class Lost(models.TextChoices):
    """What a person says is lost or in other hands."""

    APP = "app", _("The phone or app that shows my codes")
    PASSKEY = "passkey", _("A passkey or security key, or the device it is on")
    CODES = "codes", _("My recovery codes")
    PASSWORD = "password", _("My password")
    ALL = "all", _("Everything, or I am not sure")


class CredentialCutQuerySet(models.QuerySet["CredentialCut"]):
    """Reads as words."""

    def waiting(self) -> Self:
        """Locked, and nothing new issued yet."""
        return self.filter(locked=True, done_at__isnull=True, ended_at__isnull=True)


class CredentialCut(models.Model):
    """An account was cut from everything that was lost (MD-51); if it is locked, who checked the person and issued anew.

    The journal has a line for each step that never changes; this row is where the case stands. The kind of proof is kept,
    never a number or a picture of it.
    """

    class Said(models.TextChoices):
        """Who said that something was lost."""

        LINK = "link", _("its owner, by a link to the mailbox")
        OWNER = "owner", _("its owner, signed in")
        OFFICE = "office", _("the office")

    class Proof(models.TextChoices):
        """What proved who the person is."""

        PASSPORT = "passport", _("passport")
        CARD = "card", _("identity card")
        PERMIT = "permit", _("residence permit")
        LICENCE = "licence", _("driving licence")
        PROFESSIONAL = "pro", _("professional card of a health practitioner")

    class Seen(models.TextChoices):
        """How it was seen."""

        DESK = "desk", _("at the desk, the person present")
        VIDEO = "video", _("in a video call, document beside the face")
        PRACTICE = "practice", _("by the practice that knows the person, called back on its public number")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    said = models.CharField(max_length=6, choices=Said.choices)
    lost = models.CharField(max_length=40)
    reason = AtRestTextField(blank=True)
    sessions = models.PositiveIntegerField()
    factors = models.PositiveIntegerField()
    links = models.PositiveIntegerField()
    locked = models.BooleanField()
    proof = models.CharField(max_length=10, choices=Proof.choices, blank=True)
    seen = models.CharField(max_length=10, choices=Seen.choices, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_by_id = models.UUIDField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by_id = models.UUIDField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialCutQuerySet.as_manager()

    class Meta:
        verbose_name = _("cut of lost credentials")
        indexes: ClassVar = [models.Index(fields=["user", "-at"], name="credential_cut_by_account")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(locked=True, done_at__isnull=True, ended_at__isnull=True),
                name="one_cut_waits_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(checked_at__isnull=True, proof="", seen="")
                | Q(checked_at__isnull=False, locked=True) & ~Q(proof="") & ~Q(seen=""),
                name="cut_checked_by_a_proof",
            ),
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True) | Q(checked_at__isnull=False), name="cut_issued_after_the_check"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(issued_at__isnull=False, ended_at__isnull=True),
                name="cut_done_by_what_was_issued",
            ),
            models.CheckConstraint(
                condition=Q(checked_at__isnull=True) | Q(checked_by_id__isnull=False), name="cut_checked_by_a_person"
            ),
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True) | Q(issued_by_id__isnull=False), name="cut_issued_by_a_person"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CredentialLinkQuerySet(models.QuerySet["CredentialLink"]):
    """Reads as words."""

    def open(self) -> Self:
        """Neither used nor ended; their time may be over all the same."""
        return self.filter(used_at__isnull=True, ended_at__isnull=True)


class CredentialLink(models.Model):
    """One link by mail: to a new password (MD-53), to cut what is lost, to new credentials (MD-51).

    The last kind works with a code only, which the office tells by another way.
    """

    class Kind(models.TextChoices):
        """What the link opens."""

        RESET = "reset", _("a new password")
        LOST = "lost", _("the cut of what is lost")
        ISSUE = "issue", _("new credentials")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cut = models.ForeignKey(CredentialCut, on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    code_mac = models.BinaryField(max_length=32, default=b"", blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)

    objects = CredentialLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link by mail")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(used_at__isnull=True, ended_at__isnull=True),
                name="one_open_link_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(ended_at__isnull=True), name="link_is_used_or_ended"
            ),
            models.CheckConstraint(condition=Q(valid_until__gt=F("made_at")), name="link_has_an_end"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(used_at__lt=F("valid_until")), name="link_is_used_in_time"
            ),
            models.CheckConstraint(
                condition=Q(kind="issue", cut__isnull=False) & ~Q(code_mac=b"")
                | ~Q(kind="issue") & Q(cut__isnull=True, code_mac=b""),
                name="link_to_new_credentials_has_a_code",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
