"""What is typed around the portal: who is invited, and who a person says the patient is."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.patients.forms import BirthDay
from care.models import Capacity, PortalPart
from care.models.portal import EVERYTHING
from privacy.clocks import start_of

WHO = (
    (Capacity.SELF.value, _("the patient")),
    (Capacity.GUARDIAN.value, _("a parent or guardian of a minor, until the 18th birthday")),
    (Capacity.PROXY.value, _("a person of trust, for some parts and until a day")),
)


class InvitationForm(forms.Form):
    """Whom the practitioner asks into the portal of a file."""

    capacity = forms.ChoiceField(label=_("Who is invited"), choices=WHO, widget=forms.RadioSelect)
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_(
            "The mail says neither your specialty nor anything about health. Without an address you get a code for the desk."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": _("This isn't an e-mail address. Check it: name@example.org")},
    )
    parts = forms.MultipleChoiceField(
        label=_("What a person of trust or a guardian may see"),
        choices=PortalPart.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The patient themselves always has all of it."),
    )
    until = forms.DateField(
        label=_("A person of trust looks in until"),
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day."),
        error_messages={"invalid": _("Give a day, for example 31/12/2027.")},
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Parts and an end are asked for whom they matter."""
        said = super().clean() or {}
        capacity = said.get("capacity")
        if capacity == Capacity.SELF:
            said["parts"] = list(EVERYTHING)
        elif not said.get("parts"):
            self.add_error(
                "parts", ValidationError(_("Choose at least one part that the person may see."), code="parts")
            )
        if capacity == Capacity.PROXY and not said.get("until"):
            self.add_error("until", ValidationError(_("Say until when the person may look in."), code="until"))
        if capacity == Capacity.PROXY and said.get("until") and said["until"] < self.today:
            self.add_error("until", ValidationError(_("This day is past. Choose one to come."), code="past"))
        return said

    def values(self) -> dict[str, Any]:
        """What the action takes; the last day is whole."""
        said = self.cleaned_data
        last = said["until"] if said["capacity"] == Capacity.PROXY else None
        return {
            "email": said["email"] or None,
            "capacity": said["capacity"],
            "parts": [part for part in EVERYTHING if part in said["parts"]],
            "link_until": start_of(last + timedelta(days=1)) if last else None,
        }


class WhoForm(forms.Form):
    """Who the patient is, as the invited person says it."""

    given_names = forms.CharField(
        label=_("Given name of the patient"), max_length=100,
        error_messages={"required": _("Give the patient's first given name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    surname = forms.CharField(
        label=_("Surname of the patient"), max_length=100,
        error_messages={"required": _("Give the patient's surname, or the one at birth.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    birth_date = BirthDay(label=_("Birth date of the patient"))


class CodeForm(WhoForm):
    """The code shown at the desk, with who the patient is."""

    code = forms.CharField(
        label=_("Code from the practice"), max_length=20,
        error_messages={"required": _("Type the ten letters and digits that the practice showed you.")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
        help_text=_("Ten letters and digits; it works for half an hour."),
    )  # fmt: skip
    field_order = ["code", "given_names", "surname", "birth_date"]

    def who(self) -> dict[str, Any]:
        """Without the code."""
        return {name: value for name, value in self.cleaned_data.items() if name != "code"}
