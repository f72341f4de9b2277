"""Input to clean values. Every message names what is wrong and says what to do."""

import re
from datetime import date, datetime
from typing import Any, ClassVar, Final, TypedDict, TypeVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.refusals import Refused
from records.clock import parse_birth_date
from records.fields import CONTACT, IDENTITY, KINDS, LABELS, MEDICAL, SEXES
from records.rules import LONGEST_REASON, why_not_birth_date
from records.vitals import OTHER, VITALS, choices

MOMENT_FORMAT: Final = "%Y-%m-%dT%H:%M"


class BirthDateField(forms.CharField):
    """A birth date as people write it, kept as ISO text; a year or year-month where more is unknown."""

    default_error_messages = {
        "form": _("Write the birth date as day/month/year, for example 29/02/1984."),
        "calendar": _("This day isn't in the calendar. Check the day and the month."),
        "required": _("Give the birth date: it tells people of one name apart."),
    }

    def to_python(self, value: Any) -> str:
        """ISO text of what was typed."""
        text = super().to_python(value) or ""
        if found := re.fullmatch(r"(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d{4})", text):
            text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
        if text and not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
            raise forms.ValidationError(self.error_messages["form"], code="form")
        try:
            parse_birth_date(text)
        except ValueError:
            raise forms.ValidationError(self.error_messages["calendar"], code="calendar") from None
        return text

    def prepare_value(self, value: Any) -> Any:
        """Full dates the way people write them."""
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return "/".join(reversed(value.split("-")))
        return value


class MomentField(forms.DateTimeField):
    """A day and a time of the practice's clock."""

    default_error_messages = {
        "required": _("Give the date and the time."),
        "invalid": _("Give the date and the time, for example 22/11/2026 and 16:30."),
    }

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT)
        super().__init__(widget=widget, input_formats=[MOMENT_FORMAT], **options)


def _text(name: str, *, required: Any = "", rows: int = 0, help_text: Any = "") -> forms.CharField:
    """A text field of a file; ``required`` is the message when it is left out."""
    field = forms.CharField(
        label=LABELS[name],
        required=bool(required),
        max_length=20_000 if rows else 300,
        widget=forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput,
        help_text=help_text,
    )
    if required:
        field.error_messages["required"] = required
    field.widget.attrs["autocomplete"] = "off"
    return field


class RevisionForm(forms.Form):
    """A form that knows which state of the row it was opened on."""

    NAMES: ClassVar[tuple[str, ...]] = ()
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def texts(self) -> dict[str, str]:
        """The clean values of the row's fields by name."""
        return {name: self.cleaned_data[name] for name in self.NAMES}


class CorrectionForm(RevisionForm):
    """A correction that may bring the end of the file's term forward: asked for a yes only when it would end it at once."""

    may_end = forms.BooleanField(
        required=False, widget=forms.HiddenInput, label=_("The day is right: the whole file may leave for good")
    )

    def refuse(self, refused: Refused) -> None:
        """Say why; where the term would end at once, show the tick that lets it."""
        self.add_error(None, str(refused.refusal.message))
        if refused.refusal.code == "ends_now":
            self.fields["may_end"].widget = forms.CheckboxInput()


class EditForm(CorrectionForm):
    """A form on a patient's file; ``today`` is the practice's legal day."""

    def __init__(self, *arguments: Any, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.today = today


FormOfRow = TypeVar("FormOfRow", bound=RevisionForm)


class IdentityForm(EditForm):
    """Who the patient is and how to reach them (PC-03)."""

    NAMES = (*IDENTITY, *CONTACT)

    surname = _text("surname", required=_("Give the surname: the file is filed under it."))
    given_names = _text("given_names", required=_("Give at least one given name."))
    birth_name = _text("birth_name", help_text=_("If it differs from the surname."))
    birth_date = BirthDateField(
        label=LABELS["birth_date"],
        help_text=_("Day/month/year, for example 29/02/1984."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )
    sex = forms.ChoiceField(label=LABELS["sex"], required=False, choices=[("", _("Not recorded")), *SEXES.items()])
    birth_place = _text("birth_place")
    phone = _text("phone")
    email = forms.EmailField(
        label=LABELS["email"],
        required=False,
        max_length=300,
        error_messages={"invalid": _("This isn't a whole e-mail address. Write it like name@example.fr.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    address = _text("address", rows=3)
    occupation = _text("occupation")

    field_order = ("surname", "given_names", "birth_date", "sex", "birth_name", "birth_place")

    def clean_birth_date(self) -> str:
        """Not in the future, not before 1880."""
        text: str = self.cleaned_data["birth_date"]
        born = parse_birth_date(text)
        if born and (refusal := why_not_birth_date(born, today=self.today)):
            raise forms.ValidationError(str(refusal.message), code=refusal.code)
        return text

    def clean_phone(self) -> str:
        """As typed, if it holds enough digits to be called."""
        phone: str = self.cleaned_data["phone"]
        if phone and len(re.sub(r"\D", "", phone)) < 6:
            raise forms.ValidationError(
                _("This phone number is too short. Write all its digits, or leave it empty."),
                code="short",
            )
        return phone


class NewFileForm(IdentityForm):
    """A new patient; the tick appears only when somebody like them has a file already."""

    another = forms.BooleanField(required=False, label=_("This is another person: make a second file"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        del self.fields["revision"], self.fields["may_end"]
        if not self.data.get("twins"):
            self.fields["another"].widget = forms.HiddenInput()


class MedicalForm(EditForm):
    """The medical summary of a file."""

    NAMES = MEDICAL

    allergies = _text("allergies", rows=2, help_text=_("Shown on top of every page of the file."))
    treatments = _text("treatments", rows=4)
    medical_history = _text("medical_history", rows=4)
    surgical_history = _text("surgical_history", rows=3)
    family_history = _text("family_history", rows=3)
    lifestyle = _text("lifestyle", rows=3)
    notes = _text("notes", rows=4)


class TextsForm(RevisionForm):
    """The texts of a consultation."""

    NAMES = ("reason", "note", "examination", "assessment", "plan")

    reason = _text("reason", rows=2)
    note = _text("note", rows=6)
    examination = _text("examination", rows=5)
    assessment = _text("assessment", rows=3)
    plan = _text("plan", rows=4)


class ConsultationForm(TextsForm):
    """A draft: when, what kind, and the texts."""

    started_at = MomentField(label=_("Date and time"))
    kind = forms.ChoiceField(label=_("Kind"), choices=list(KINDS.items()))

    field_order = ("started_at", "kind")


class AmendForm(TextsForm, CorrectionForm):
    """An amendment: the texts, the day if it was wrong, and why."""

    started_at = MomentField(label=_("Date and time"), required=False)
    why = forms.CharField(
        label=_("Why do you amend it?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stays with the new version. The signed one stays as it was."),
        error_messages={"required": _("Say why you amend it: the reason stays with the new version.")},
    )

    field_order = ("why", "started_at")


class DeathForm(CorrectionForm):
    """The day a patient died, as exactly as it is known."""

    died_on = BirthDateField(
        label=_("Day of death"),
        help_text=_("Day/month/year, for example 03/11/2026; only the year or year-month where more isn't known."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Give the day of death, or its year."),
            "form": _("Write the day of death as day/month/year, for example 03/11/2026."),
        },
    )

    field_order = ("died_on",)


class OpenArchiveForm(forms.Form):
    """Why a file of the archive is opened."""

    why = forms.CharField(
        label=_("Why do you open it?"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "For example: the patient comes again on Monday. It is stored sealed, with your name and the hour."
        ),
        error_messages={"required": _("Say why you open it: the reason stays with the file.")},
    )


class StrikeForm(CorrectionForm):
    """Why a consultation never took place."""

    why = forms.CharField(
        label=_("Why do you strike it?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: written in the wrong file. It stays with the versions."),
        error_messages={"required": _("Say why you strike it: the reason stays with its versions.")},
    )

    field_order = ("why",)


class Measured(TypedDict, total=False):
    """A value as :func:`records.actions.add_measure` takes it."""

    label: str
    value: str
    unit: str
    code: str
    taken_at: datetime


class MeasureForm(forms.Form):
    """One measured value."""

    vital = forms.ChoiceField(label=_("What"), choices=choices)
    label = forms.CharField(label=_("Name of another measure"), required=False, max_length=100)
    value = forms.CharField(
        label=_("Value"),
        max_length=50,
        error_messages={"required": _("Write the value you measured.")},
    )
    unit = forms.CharField(label=_("Unit of another measure"), required=False, max_length=20)
    taken_at = MomentField(label=_("Measured at"))

    def clean(self) -> dict[str, Any]:
        """A known measure has a number in its range; another one has a name."""
        values = self.cleaned_data
        vital = VITALS.get(values.get("vital", ""))
        if vital is None:
            if values.get("vital") == OTHER and not values.get("label"):
                self.add_error("label", _("Give the measure a name."))
            return values
        if "value" in values and (wrong := vital.why_not(values["value"])):
            self.add_error("value", wrong)
        return values

    def measured(self) -> Measured:
        """What the action takes."""
        values = self.cleaned_data
        common: Measured = {"value": values["value"], "taken_at": values["taken_at"]}
        if vital := VITALS.get(values["vital"]):
            return {**common, "label": vital.name, "unit": vital.unit, "code": vital.code}
        return {**common, "label": values["label"], "unit": values["unit"]}


class DocumentForm(forms.Form):
    """A document to add."""

    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=200,
        help_text=_("For example: blood test of 3 May. Without one, the file's own name is used."),
    )
    document = forms.FileField(
        label=_("Document"),
        help_text=_("PDF, JPEG or PNG, up to 20 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        error_messages={
            "required": _("Choose a document first."),
            "empty": _("This document is empty. Choose it again."),
        },
    )

    def upload(self) -> "UploadedFile[Any]":
        """The file that came."""
        found: UploadedFile[Any] = self.cleaned_data["document"]
        return found


class SearchForm(forms.Form):
    """What to look for in the list of patients."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        help_text=_("Beginning of a name, birth date, phone or e-mail."),
    )


def as_typed(moment: datetime) -> str:
    """A moment as the form shows it."""
    return timezone.localtime(moment).strftime(MOMENT_FORMAT)


def at_revision(form: FormOfRow, revision: int) -> FormOfRow:
    """The refused form, to be sent again knowingly: it now stands on the state shown beside it."""
    form.data = {**form.data.dict(), "revision": revision} if isinstance(form.data, QueryDict) else form.data
    return form
