"""What a patient says of themselves, turned into clean values (MD-01, MD-02)."""

from datetime import date
from typing import Any, Final

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import hooks, identifiers, passwords
from accounts.models import Jurisdiction, User
from accounts.patients import actions
from audit.requests import HouseRequest

EARLIEST: Final = date(1880, 1, 1)
SEXES: Final = (
    ("", _("Choose…")), ("female", _("Female")), ("male", _("Male")), ("other", _("Other")),
    ("unknown", _("I'd rather not say")),
)  # fmt: skip


def _line(label: Any, autocomplete: str, longest: int = 200, *, missing: Any = "", **more: Any) -> forms.CharField:
    """One line of text; ``missing`` is what is said when a mandatory one is left out."""
    field = forms.CharField(label=label, max_length=longest, required=bool(missing), **more)
    field.widget.attrs["autocomplete"] = autocomplete
    if missing:
        field.error_messages["required"] = missing
    return field


class BirthDay(forms.DateField):
    """A whole birth date as people write it."""

    default_error_messages = {
        "invalid": _("Write the birth date as day/month/year, for example 29/02/1984."),
        "required": _("Give the birth date: it tells people of one name apart."),
    }

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%d/%m/%Y", attrs={"autocomplete": "bday", "inputmode": "numeric"})
        formats = ["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y"]
        help_text = options.pop("help_text", _("Day/month/year, for example 29/02/1984."))
        super().__init__(widget=widget, input_formats=formats, help_text=help_text, **options)

    def clean(self, value: Any) -> Any:
        """A day between 1880 and today."""
        day = super().clean(value)
        if day and not EARLIEST <= day <= timezone.localdate():
            raise ValidationError(
                _("This day can't be a birth date: it lies in the future or before 1880. Check the year."),
                code="birth_range",
            )
        return day


class PatientFields(forms.Form):
    """What every patient's account needs."""

    given_names = _line(_("Given names"), "given-name", 100, missing=_("Give at least one given name."))
    surname = _line(_("Surname"), "family-name", 100, missing=_("Give your surname."))
    birth_date = BirthDay(label=_("Birth date"))
    sex = forms.ChoiceField(
        label=_("Sex"), choices=SEXES, error_messages={"required": _("Choose one; “I'd rather not say” is one too.")}
    )

    def profile_values(self) -> dict[str, str]:
        """The cleaned fields of the profile, as they are sealed."""
        said = {name: self.cleaned_data[name] for name in actions.FIELDS if name in self.cleaned_data}
        return {name: one.isoformat() if isinstance(one, date) else one.strip() for name, one in said.items()}


class IdentityForm(PatientFields):
    """All of the profile: the mandatory fields first, then what is of use but may stay empty."""

    birth_place = _line(_("Place of birth"), "off")
    phone = _line(_("Telephone"), "tel", 30, help_text=_("As you dial it, or with its country code."))
    address = _line(_("Postal address"), "street-address", 300)
    payer_number = _line(
        _("Membership number of a third-party payer"), "off", 40,
        help_text=_("Of a mutual or an insurer that pays your care in your place, if you have one."),
    )  # fmt: skip

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        return identifiers.clean_phone(typed, Jurisdiction.FRANCE) if typed else ""


class PatientSignupForm(PatientFields, AllauthSignupForm):
    """A patient signs up: address, password, who they are, and the questions that other apps registered for patients.

    An address that exists already gets the same answer as a new one; what happened is said in a mail to it alone.
    """

    field_order = ["email", "password1"]
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label, self.fields["password1"].label = _("E-mail address"), _("Password")
        for name in ("email", "password1"):
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["email"].help_text = _(
            "You sign in with it, and a code is sent to it each time. Nobody else may read this mailbox."
        )
        for question in hooks.questions_for(actions.ROLE):
            self.fields.update(question.fields())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if password := cleaned.get("password1"):
            try:
                passwords.refuse_guessable(
                    password, *(cleaned.get(name, "") for name in ("email", "surname", "given_names"))
                )
            except ValidationError as refusal:
                self.add_error("password1", refusal)
        return cleaned

    def try_save(self, request: HouseRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def save(self, request: HouseRequest) -> User:
        return actions.sign_up_patient(
            email=self.cleaned_data["email"], password=self.cleaned_data["password1"],
            profile=self.profile_values(), answers=self.cleaned_data,
            language=get_language() or settings.LANGUAGE_CODE, email_verified=False, by=request.actor, now=request.now,
        )  # fmt: skip
