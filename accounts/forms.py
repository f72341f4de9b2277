"""What people type about their account, turned into clean values. Mandatory fields are marked by the renderer (MD-01)."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import actions, hooks, identifiers, passwords, queries
from accounts.models import Jurisdiction, PractitionerProfile, User
from accounts.specialties import SPECIALTIES
from audit.requests import HouseRequest


def _text(
    label: Any, autocomplete: str, longest: int, *, required: bool = True, help_text: Any = "", **attrs: str
) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})
    return forms.CharField(label=label, max_length=longest, required=required, help_text=help_text, widget=widget)


class ProfileFields(forms.Form):
    """Who the practitioner is and where they practise (PC-02, MD-04)."""

    given_names = _text(_("Given names"), "given-name", 100)
    surname = _text(_("Surname"), "family-name", 100)
    jurisdiction = forms.ChoiceField(
        label=_("You practise in"),
        choices=Jurisdiction,
        widget=forms.RadioSelect,
        help_text=_("The law that applies to your files and how long they are kept."),
    )
    specialty = forms.ChoiceField(label=_("Specialty or profession"), choices=[("", _("Choose…")), *SPECIALTIES])
    rpps = _text(
        _("RPPS number"),
        "off",
        20,
        required=False,
        inputmode="numeric",
        help_text=_("11 digits, on your professional card. Leave empty if you have none."),
    )
    adeli = _text(
        _("ADELI number"), "off", 20, required=False, help_text=_("9 characters. Only if you have no RPPS number yet.")
    )
    qualifications = forms.CharField(
        label=_("Qualifications and certifications"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Diplomas, certificates, training: one per line."),
    )
    address_line = _text(_("Professional address"), "street-address", 200)
    postal_code = _text(_("Postal code"), "postal-code", 10)
    city = _text(_("City"), "address-level2", 100)
    country = forms.ChoiceField(label=_("Country"), choices=[("", _("Choose…")), *Jurisdiction.choices])
    phone = _text(
        _("Professional telephone"),
        "tel",
        30,
        required=False,
        type="tel",
        help_text=_("As you dial it, or with its country code."),
    )

    def clean_rpps(self) -> str | None:
        typed = self.cleaned_data["rpps"]
        return identifiers.clean_rpps(typed) if typed else None

    def clean_adeli(self) -> str | None:
        typed = self.cleaned_data["adeli"]
        return identifiers.clean_adeli(typed) if typed else None

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        region = self.cleaned_data.get("country") or Jurisdiction.FRANCE
        return identifiers.clean_phone(typed, region) if typed else ""

    def profile_values(self) -> dict[str, Any]:
        """The cleaned fields of the profile."""
        return {name: self.cleaned_data[name] for name in actions.PROFILE_FIELDS}


class ProfileForm(ProfileFields):
    """Changing one's own profile."""

    def __init__(self, profile: PractitionerProfile, *args: Any, **kwargs: Any) -> None:
        self.profile = profile
        kwargs.setdefault("initial", {name: getattr(profile, name) for name in actions.PROFILE_FIELDS})
        super().__init__(*args, **kwargs)

    def clean_rpps(self) -> str | None:
        number = super().clean_rpps()
        if queries.rpps_is_taken(number, other_than=self.profile.user):
            raise ValidationError(
                _(
                    "Another account bears this RPPS number. One account is one person: write to us if this number is yours."
                ),
                code="rpps_taken",
            )
        return number

    def clean_adeli(self) -> str | None:
        number = super().clean_adeli()
        if queries.adeli_is_taken(number, other_than=self.profile.user):
            raise ValidationError(
                _(
                    "Another account bears this ADELI number. One account is one person: write to us if this number is yours."
                ),
                code="adeli_taken",
            )
        return number


def _without_placeholder(field: forms.Field, label: Any) -> None:
    """A label says it; a grey word inside the field would only hide."""
    field.label = label
    field.widget.attrs.pop("placeholder", None)


class LoginForm(AllauthLoginForm):
    """allauth's, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholder(self.fields["login"], _("E-mail address"))
        _without_placeholder(self.fields["password"], _("Password"))


class SignupForm(ProfileFields, AllauthSignupForm):
    """A practitioner signs up: address, password, profile, and the questions that other apps registered.

    An address or a number that exists already gets the same answer as a new one, in the same time; what happened is
    said in a mail to the address alone.
    """

    field_order = ["email", "password1"]
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholder(self.fields["email"], _("E-mail address"))
        _without_placeholder(self.fields["password1"], _("Password"))
        self.fields["email"].help_text = _(
            "You sign in with it, and codes are sent to it. Nobody else may read this mailbox."
        )
        for question in hooks.questions_for("practitioner"):
            self.fields.update(question.fields())

    def question_fields(self) -> list[forms.BoundField]:
        """The bound fields of the registered questions, for the page."""
        return [self[name] for question in hooks.questions_for("practitioner") for name in question.fields()]

    def own_fields(self) -> list[forms.BoundField]:
        """All the other visible fields, in order."""
        asked = {field.name for field in self.question_fields()}
        return [field for field in self.visible_fields() if field.name not in asked]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if password := cleaned.get("password1"):
            try:
                passwords.refuse_guessable(
                    password, *(cleaned.get(name, "") for name in ("email", "surname", "given_names", "city"))
                )
            except ValidationError as refusal:
                self.add_error("password1", refusal)
        return cleaned

    def try_save(self, request: HouseRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists or self.number_is_taken():
            self.account_already_exists = True
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def number_is_taken(self) -> bool:
        """Whether another account bears the professional number typed here (MD-57)."""
        return queries.rpps_is_taken(self.cleaned_data["rpps"]) or queries.adeli_is_taken(self.cleaned_data["adeli"])

    def save(self, request: HouseRequest) -> User:
        return actions.sign_up_practitioner(
            email=self.cleaned_data["email"],
            password=self.cleaned_data["password1"],
            profile=self.profile_values(),
            answers=self.cleaned_data,
            language=get_language() or settings.LANGUAGE_CODE,
            email_verified=False,
            by=request.actor,
            now=request.now,
        )


class CodeForm(forms.Form):
    """Six digits."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=12,
        error_messages={"required": _("Type the six digits of the message.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "maxlength": "6"}
        ),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if len(code) != 6 or not code.isdigit() or not code.isascii():
            raise ValidationError(_("The code has six digits. Copy it from the newest message."), code="code_format")
        return code


class NewPasswordForm(forms.Form):
    """A new password, typed once and shown on demand by the browser: no second field to mistype."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters (16 for staff). Three or four unrelated words are easy to remember."),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if self.user.check_password(password):
            raise ValidationError(_("This is the password you have now. Choose another one."), code="password_same")
        return get_adapter().clean_password(password, self.user)


class LanguageForm(forms.Form):
    """One of the languages of the site."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
