"""What the office, the practice and an agent type about an order, turned into clean values."""

import re
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from accounts.models import User
from accounts.queries import account_by_email
from care.models import Practice
from care.team.queries import owned_practice
from records.authority.actions import Order
from records.forms import BirthDateField
from records.models import AuthorityKind, OrderGround, OrderPart, PatientFile, ToldHow
from records.rules import LONGEST_REASON

MOST_FILES: Final = 100


def _words(label: Any, *, rows: int = 3, must: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=must, max_length=LONGEST_REASON, help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows, "autocomplete": "off"}),
    )  # fmt: skip


def _day(label: Any, *, must: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=must,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class OrderForm(forms.Form):
    """An order as the office enters it."""

    authority = forms.ChoiceField(label=_("Which authority?"), choices=AuthorityKind.choices)
    ground = forms.ChoiceField(label=_("On which text does it rest?"), choices=OrderGround.choices)
    reference = forms.CharField(
        label=_("Reference of the order"), max_length=200, help_text=_("Its number, and who signed it. Stored sealed.")
    )
    issued_on = _day(_("Date of the order"))
    paper = forms.FileField(label=_("The order itself"), help_text=_("PDF, JPEG or PNG, up to 20 MB. Stored sealed."))
    why = _words(_("What it is needed for"), help_text=_("As the order says it. The practice reads it. Stored sealed."))
    practitioner = forms.EmailField(
        label=_("Owner of the practice: e-mail address"),
        help_text=_("They answer for the files and have to confirm the order."),
    )
    whom = _words(
        _("Whom it is about, as the order names them"), rows=2, must=False,
        help_text=_("The practice finds the file by it. Stored sealed."),
    )  # fmt: skip
    numbers = forms.CharField(
        label=_("Numbers of files, if the order or the practice gave them"), required=False, max_length=4000,
        help_text=_("One a line. Otherwise the practice names the files."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    parts = forms.MultipleChoiceField(
        label=_("What it opens"), choices=OrderPart.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one part: what isn't ticked stays closed.")},
    )  # fmt: skip
    until_on = _day(_("Last day of the access"), help_text=_("Thirty days from today at most."))
    agent = forms.CharField(
        label=_("Who reads: name and function"), max_length=200, help_text=_("One person. Stored sealed.")
    )
    email = forms.EmailField(
        label=_("Their e-mail address at work"), help_text=_("The link goes there. Tell the code by telephone.")
    )
    silent_until = _day(
        _("The order forbids telling the patient until"), must=False,
        help_text=_("Leave it empty if it doesn't: the patient is told when the practice confirms."),
    )  # fmt: skip
    silent_why = _words(_("Where it forbids it"), rows=2, must=False, help_text=_("In its own words. Stored sealed."))

    def clean_practitioner(self) -> Practice:
        """The practice that this person owns."""
        user = account_by_email(self.cleaned_data["practitioner"])
        mine = owned_practice(user) if user else None
        if mine is None:
            raise forms.ValidationError(_("Nobody with this address owns a practice here. Check the address."))
        return mine.practice

    def clean_numbers(self) -> list[UUID]:
        """The numbers, each once."""
        found: dict[UUID, None] = {}
        for said in re.split(r"[\s,;]+", self.cleaned_data["numbers"].strip()):
            try:
                found |= {UUID(said): None} if said else {}
            except ValueError:
                raise forms.ValidationError(
                    _("“%(said)s” is no number of a file. Copy it whole, with its hyphens."), params={"said": said[:40]}
                ) from None
        if len(found) > MOST_FILES:
            raise forms.ValidationError(_("An order names a hundred files at most. Enter another one for the others."))
        return list(found)

    def clean(self) -> dict[str, Any]:
        """Numbers are of files of that practice."""
        said = super().clean() or {}
        practice, numbers = said.get("practitioner"), said.get("numbers") or []
        files = list(PatientFile.objects.filter(pk__in=numbers, practice=practice, leaving_at=None)) if practice else []
        if practice and (missing := [one for one in numbers if one not in {file.pk for file in files}]):
            self.add_error("numbers", _("This practice has no file %(number)s.") % {"number": missing[0]})
        said["files"] = files
        return said

    def order(self) -> Order:
        """What was typed, clean."""
        said = self.cleaned_data
        names = (
            "authority", "ground", "parts", "issued_on", "until_on", "reference", "why", "whom", "agent", "email",
            "silent_until", "silent_why",
        )  # fmt: skip
        return Order(**{name: said[name] for name in names})


class NameFileForm(forms.Form):
    """Which file the order means."""

    surname = forms.CharField(label=_("Surname"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    birth_date = BirthDateField(label=_("Birth date"), help_text=_("Day, month and year, as 29/02/1984."))


class ConfirmForm(forms.Form):
    """The express act: the box is never ticked beforehand."""

    read = forms.BooleanField(
        label=_("I have read the order. It is addressed to this practice, it names these files, and it obliges us."),
        error_messages={"required": _("Tick the box if it is so. If it isn't, refuse the order below.")},
    )


class EndForm(forms.Form):
    """Why an order is refused or ended."""

    why = _words(_("Why it ends"))


class ToldForm(forms.Form):
    """How the practice told a patient."""

    how = forms.ChoiceField(
        label=_("How did you tell the patient?"), choices=[(o.value, o.label) for o in (ToldHow.LETTER, ToldHow.SPOKEN)]
    )


class CodeForm(forms.Form):
    """The code that was told by another way."""

    code = forms.RegexField(
        r"^\s*\d[\d\s]*$",
        label=_("Code"),
        max_length=20,
        help_text=_("Eight digits, told to you by telephone."),
        error_messages={"invalid": _("The code is eight digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class CodeWithAccountForm(CodeForm):
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

    def clean_password(self) -> str:
        """Held against the rules of every account."""
        password = str(self.cleaned_data["password"])
        try:
            password_validation.validate_password(password, User(email=self.email))
            passwords.refuse_guessable(password, self.email, "")
        except ValidationError as refusal:
            raise forms.ValidationError(refusal.messages) from refusal
        return password
