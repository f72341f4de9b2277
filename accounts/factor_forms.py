"""allauth's code forms, with the back-off of django-otp per account in front of them.

allauth counts wrong codes in the cache only; a flush forgets them. Here the row of the held factor is locked, asked, and counted.
"""

import struct
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm as AllauthAddForm
from allauth.mfa.webauthn.internal.auth import parse_registration_response
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions, recovery
from accounts.models import HeldFactor

UNREADABLE = (ValueError, LookupError, struct.error)
"""What damaged base64, JSON and CBOR raise."""
TOO_SOON = _("Wait a moment before the next try: each wrong code doubles the wait. Nothing is lost.")


def _code_field() -> forms.CharField:
    """Six digits of an app, or sixteen of a recovery code, grouped or not."""
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "24", "autofocus": True}
    return forms.CharField(label=_("Code"), max_length=24, widget=forms.TextInput(attrs=attrs))


class BackOff:
    """Mixin: at most one code is weighed per account and wait, whatever the number of addresses."""

    user: Any
    cleaned_data: dict[str, str]

    def clean_code(self) -> str:
        """The code, when it is right. Raises ValidationError when wrong or not weighed."""
        self.cleaned_data["code"] = recovery.as_kept(self.cleaned_data["code"])
        with transaction.atomic():
            code, refusal = self._weigh(self._guard())
        if refusal is not None:
            raise refusal
        return code

    def _guard(self) -> HeldFactor | None:
        """The one row of the account that counts wrong codes, locked."""
        codes = (
            HeldFactor.objects.select_for_update(of=("self",))
            .filter(user=self.user)
            .exclude(authenticator__type=Authenticator.Type.WEBAUTHN)
        )
        return codes.order_by("pk").first()

    def _weigh(self, guard: HeldFactor | None) -> tuple[str, ValidationError | None]:
        if guard is not None and not guard.verify_is_allowed()[0]:
            return "", ValidationError(TOO_SOON, code="too_soon")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as refusal:
            if guard is not None and refusal.code == "incorrect_code":
                guard.throttle_increment()
                actions.warn_of_guesses(user=self.user, failures=guard.throttling_failure_count)
            return "", refusal
        if guard is not None:
            guard.throttle_reset()
        return code, None


class AuthenticateForm(BackOff, AllauthAuthenticateForm):
    """The second step of a login."""

    code = _code_field()


class ReauthenticateForm(BackOff, AllauthReauthenticateForm):
    """Fresh proof in an open session."""

    code = _code_field()


class AddPasskeyForm(AllauthAddForm):
    """A passkey replaces the password unless the person says otherwise."""

    name = forms.CharField(
        label=_("Name"), max_length=60, required=False, help_text=_("It tells you which device it is on.")
    )
    passwordless = forms.BooleanField(
        label=_("It may also replace the password"),
        required=False,
        initial=True,
        help_text=_("Your device then asks for your fingerprint, your face or its own code each time."),
    )

    def clean_credential(self) -> Any:
        """What the device sent, if it can be read: the library answers a wrong shape itself, but not damaged bytes."""
        credential = self.cleaned_data["credential"]
        try:
            parse_registration_response(credential)
        except UNREADABLE as damaged:
            raise get_adapter().validation_error("incorrect_code") from damaged
        return credential
