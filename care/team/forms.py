"""What an owner and a member of the team type, turned into clean values."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from accounts.models import User
from care.models import StaffConsent, TeamRole


class InviteForm(forms.Form):
    """Whom, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Their own, which nobody else reads. The link goes there and works once, for a week."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("They work as"), choices=TeamRole.choices, widget=forms.RadioSelect)


class JoinForm(forms.Form):
    """Somebody who has an account joins: only what they are called is asked."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("As the practice and its patients know you: it stands in the journal of each file you open."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip()


class JoinWithAccountForm(JoinForm):
    """Somebody new: a password too, under the rules of every account."""

    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        help_text=_("Twelve characters or more. Four words that you alone put together are good and easy to keep."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        self.email = email
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            try:
                password_validation.validate_password(password, User(email=self.email))
                passwords.refuse_guessable(password, self.email, cleaned.get("name", ""))
            except ValidationError as refusal:
                self.add_error("password", refusal)
        return cleaned


class SignForm(forms.Form):
    """The express act: the box is never ticked beforehand."""

    agreed = forms.BooleanField(
        label=_("I have read this agreement and I sign it."),
        required=True,
        error_messages={"required": _("Tick the box if you agree: without it you can't work in this practice.")},
    )
    number = forms.IntegerField(widget=forms.HiddenInput)


class ConsentForm(forms.Form):
    """How the patient said it."""

    how = forms.ChoiceField(
        label=_("How did the patient say it?"),
        choices=[choice for choice in StaffConsent.How.choices if choice[0] != StaffConsent.How.PORTAL],
        widget=forms.RadioSelect,
    )
