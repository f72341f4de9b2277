"""The two kinds of proof that django-otp reads its verdict from (security.md 1.4).

`HeldFactor` mirrors an allauth authenticator: what the person holds. When the authenticator goes, the row goes with it, and every
session it proved is unverified at its next request. `DeliveredCodeDevice` is a six-digit code by e-mail or by phone. Both carry
django-otp's back-off (1, 2, 4, 8 … seconds after each wrong code, kept in the row, so per account and not per address).
"""

import hmac
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django_otp.models import CooldownMixin, Device, ThrottlingMixin, TimestampMixin

from accounts.digits import random_digits

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
COOLDOWN_SECONDS = 30
THROTTLE_FACTOR = 1


class HeldFactor(ThrottlingMixin, Device):
    """Passkey, authenticator app or recovery codes, as a django-otp device. allauth checks it; this row is the verdict."""

    authenticator = models.OneToOneField(Authenticator, on_delete=models.CASCADE, related_name="held_factor")

    class Meta:
        verbose_name = _("held factor")

    def get_throttle_factor(self) -> int:
        return THROTTLE_FACTOR

    def verify_token(self, token: str) -> bool:
        """Never: a held factor is proved to allauth."""
        return False

    @property
    def held(self) -> bool:
        """True for an app or a passkey; recovery codes only help a practitioner back in (PC-81)."""
        return self.authenticator.type in (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class DeliveredCodeDevice(TimestampMixin, CooldownMixin, ThrottlingMixin, Device):
    """A six-digit code sent by e-mail or to the phone, bound to one login attempt, five minutes, once (promise MD-50).

    Kept: a keyed hash of device, attempt and code, never the code. An account has one row whatever the way, so that the newest
    code replaces the one before and guesses are counted together; ``channel`` is the way that the newest one took.
    """

    class Channel(models.TextChoices):
        """Which way a code takes."""

        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("telephone")

    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    attempt = models.CharField(max_length=32, default="", blank=True)
    code_mac = models.BinaryField(max_length=32, default=b"", blank=True)
    valid_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivered code")
        constraints = [models.UniqueConstraint(fields=["user"], name="one_delivered_code_per_account")]

    def get_throttle_factor(self) -> int:
        return THROTTLE_FACTOR

    def get_cooldown_duration(self) -> int:
        return COOLDOWN_SECONDS

    def verify_token(self, token: str) -> bool:
        """Never without its login attempt: see `accounts.actions.check_code`."""
        return False

    def mac_of(self, attempt: str, code: str) -> bytes:
        """The keyed hash that stands for `code` in this attempt."""
        return salted_hmac("accounts.delivered_code", f"{self.pk}|{attempt}|{code}", algorithm="sha256").digest()

    def issue(self, attempt: str, now: datetime, channel: Channel = Channel.EMAIL) -> str:
        """Make a new code for `attempt`; the earlier one is worth nothing from here on, whichever way it went."""
        code = random_digits(CODE_DIGITS)
        self.channel = channel
        self.attempt, self.code_mac, self.valid_until = attempt, self.mac_of(attempt, code), now + CODE_LIFE
        self.last_generated_timestamp = now
        return code

    def accepts(self, attempt: str, code: str, now: datetime) -> bool:
        """Whether `code` is the one sent for `attempt`, in time and not used yet."""
        fits = hmac.compare_digest(bytes(self.code_mac), self.mac_of(attempt, code))
        return fits and self.attempt == attempt and self.valid_until is not None and now < self.valid_until

    def spend(self, now: datetime) -> None:
        """A code is worth one use."""
        self.attempt, self.code_mac, self.valid_until, self.last_used_at = "", b"", None, now
        self.throttle_reset(commit=False)
        self.cooldown_reset(commit=False)
