"""Who you are: the account and the practitioner's profile; and what protects the sign-in (`accounts/devices.py`)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.credentials.models import CredentialCut, CredentialLink
from accounts.devices import DeliveredCodeDevice, HeldFactor
from accounts.patients.models import PatientProfile
from accounts.specialties import SPECIALTIES
from accounts.texts.models import TextNumber, TextSent
from privacy.ids import new_id
from vault.rest_fields import AtRestCharField, AtRestEmailField, AtRestTextField

if TYPE_CHECKING:
    from django_otp.models import Device

__all__ = [
    "CredentialCut",
    "CredentialLink",
    "DeliveredCodeDevice",
    "HeldFactor",
    "Jurisdiction",
    "LoginThrottle",
    "PatientProfile",
    "PractitionerProfile",
    "TextNumber",
    "TextSent",
    "User",
]


class Jurisdiction(models.TextChoices):
    """The law under which a practitioner practises."""

    FRANCE = "FR", _("France")
    ISRAEL = "IL", _("Israel")


class UserManager(BaseUserManager["User"]):
    """Accounts by e-mail address, always in lower case."""

    def create_user(self, email: str, password: str | None = None, *, now: datetime, **fields: Any) -> "User":
        """A new account; `password` None means none that can be used. The address is not verified by this."""
        user = self.model(email=email.lower(), created_at=now, **fields)
        user.set_password(password)
        user.password_changed_at = now
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """For Django's `createsuperuser` command, which knows no clock of ours."""
        return self.create_user(
            email, password, now=timezone.now(), **{**fields, "is_staff": True, "is_superuser": True}
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # django-otp has its own manager
    """One account is one person (promise MD-57). The e-mail address is the login name; there is no other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = AtRestEmailField(_("e-mail address"), unique=True)
    language = models.CharField(_("language"), max_length=5, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    password_changed_at = models.DateTimeField()
    compromised_at = models.DateTimeField(null=True, blank=True)
    renewal_put_off_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:  # django-otp's middleware sets these on the user of a request
        otp_device: Device | None

        def is_verified(self) -> bool:
            """Whether a second factor proved this session."""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []  # type: ignore[misc]  # the stubs say class variable

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("account")

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()


class PractitionerProfile(models.Model):
    """What identifies a practitioner and where they practise (promises PC-02, MD-04); sealed at rest (PC-80)."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="practitioner")
    surname = AtRestCharField(_("surname"), max_length=100)
    given_names = AtRestCharField(_("given names"), max_length=100)
    rpps = AtRestCharField(_("RPPS number"), max_length=11, null=True, blank=True, unique=True, compared=True)
    adeli = AtRestCharField(_("ADELI number"), max_length=9, null=True, blank=True, unique=True, compared=True)
    specialty = models.CharField(_("specialty"), max_length=10, choices=SPECIALTIES)
    qualifications = AtRestTextField(_("qualifications and certifications"), blank=True, max_length=2000)
    phone = AtRestCharField(_("telephone"), max_length=16, blank=True)
    address_line = AtRestCharField(_("professional address"), max_length=200)
    postal_code = AtRestCharField(_("postal code"), max_length=10)
    city = AtRestCharField(_("city"), max_length=100)
    country = models.CharField(_("country"), max_length=2, choices=Jurisdiction)
    jurisdiction = models.CharField(_("you practise in"), max_length=2, choices=Jurisdiction)

    class Meta:
        verbose_name = _("practitioner")

    def __str__(self) -> str:
        return f"{self.given_names} {self.surname}"


class LoginThrottle(models.Model):
    """Failed passwords of one account from one network, or from anywhere (`network_key` empty).

    Both keys are keyed hashes of what was typed and of the network, so that an unknown address counts like a known one and
    the table names nobody.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_key = models.BinaryField(max_length=32)
    network_key = models.BinaryField(max_length=32, default=b"")
    failures = models.PositiveIntegerField(default=0)
    since_at = models.DateTimeField()
    last_failed_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sign-in back-off")
        constraints = [
            models.UniqueConstraint(fields=["account_key", "network_key"], name="one_throttle_per_account_and_network")
        ]
