"""What people type when credentials are lost, and when new ones are issued."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.totp.internal.auth import validate_totp_code
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.credentials.issuing import CODE_DIGITS
from accounts.credentials.models import CredentialCut, Lost
from accounts.models import User
from accounts.queries import account_by_email


class AskForm(forms.Form):
    """Whose account."""

    email = forms.EmailField(
        label=_("E-mail address of the account"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class LostForm(forms.Form):
    """What is lost; several may be."""

    lost = forms.MultipleChoiceField(
        label=_("What is lost, stolen, or known to others?"), choices=Lost.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Say what is lost. If you are not sure, choose everything.")},
    )  # fmt: skip


class OfficeCutForm(LostForm):
    """The office cuts an account: whose, what, and why."""

    email = forms.EmailField(label=_("E-mail address of the account"), max_length=254)
    reason = forms.CharField(
        label=_("Why?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Who called, and what they said. Stored sealed; no health data."),
    )  # fmt: skip
    field_order = ["email", "lost", "reason"]

    def clean_email(self) -> User:
        """The account with this address."""
        user = account_by_email(self.cleaned_data["email"])
        if user is None:
            raise ValidationError(_("There is no account with this address. Check its spelling."), code="no_account")
        return user


class CheckForm(forms.Form):
    """Which kind of document, and how it was seen; never its number."""

    proof = forms.ChoiceField(label=_("Document"), choices=CredentialCut.Proof.choices)
    seen = forms.ChoiceField(
        label=_("How was it seen?"), choices=CredentialCut.Seen.choices,
        help_text=_("A copy sent by mail is no proof. Note no number and keep no picture."),
    )  # fmt: skip


class IssueForm(forms.Form):
    """The code that was told, a new password, and the app that was just set up."""

    told = forms.CharField(
        label=_("Code that our office told you"), max_length=20,
        help_text=_("Ten digits. Five wrong ones end this link."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )  # fmt: skip
    password = forms.CharField(
        label=_("New password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters (16 for staff). Three or four unrelated words are easy to remember."),
    )  # fmt: skip
    app_code = forms.CharField(
        label=_("Six digits that the app shows now"), max_length=12, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip

    def __init__(self, user: User, secret: str, *args: Any, needs_app: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.secret, self.needs_app = user, secret, needs_app
        self.fields["app_code"].required = needs_app
        if not needs_app:
            self.fields["app_code"].help_text = _("Leave it empty to sign in with codes by mail, as before.")

    def clean_told(self) -> str:
        """Ten digits, however they were grouped."""
        told = "".join(self.cleaned_data["told"].split())
        if len(told) != CODE_DIGITS or not (told.isascii() and told.isdigit()):
            raise ValidationError(
                _("The code has ten digits. It isn't in the mail: our office told it."), code="told_format"
            )
        return told

    def clean_password(self) -> str:
        """By the rule of every password."""
        return str(get_adapter().clean_password(self.cleaned_data["password"], self.user))

    def clean_app_code(self) -> str:
        """What the app shows now, if one is set up."""
        code = "".join(self.cleaned_data["app_code"].split())
        if code and not validate_totp_code(self.secret, code):
            raise ValidationError(
                _("This code is not right. Type the six digits your app shows now; each works once, for 30 seconds."),
                code="app_code",
            )
        return code

    def app_secret(self) -> str:
        """The new app's secret, or "" when none is set up."""
        return self.secret if self.cleaned_data["app_code"] else ""
