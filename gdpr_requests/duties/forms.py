"""What the office types about a duty."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gdpr_requests.models.duties import DutyKind

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

DAY = {"invalid": _("Write the day as year-month-day, for example 2027-03-31.")}


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AddForm(forms.Form):
    """A duty to enter."""

    kind = forms.ChoiceField(label=_("Kind"), choices=DutyKind.choices)
    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        help_text=_("For example: HDS certificate of the hosting company. No names of people."),
    )
    subprocessor = forms.ChoiceField(
        label=_("Subprocessor"), required=False, help_text=_("For an agreement: with whom it is.")
    )
    first_due_on = forms.DateField(label=_("Due on"), widget=_day(), error_messages=DAY)
    every_months = forms.IntegerField(
        label=_("Again after, in months"),
        required=False,
        min_value=1,
        max_value=120,
        help_text=_("Leave this empty for something that is done once."),
    )

    def __init__(self, *args: Any, companies: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subprocessor"].choices = [("", "—"), *companies.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """An agreement is with somebody of the register, everything else with nobody of it."""
        found = super().clean() or {}
        agreement, company = found.get("kind") == DutyKind.AGREEMENT, found.get("subprocessor")
        if agreement and not company:
            self.add_error("subprocessor", _("Choose with whom the agreement is."))
        if company and not agreement:
            self.add_error("subprocessor", _("Choose the kind “Agreement with a subprocessor”, or nobody here."))
        return found


class DoneForm(forms.Form):
    """That it was done, with the proof."""

    done_on = forms.DateField(label=_("Done on"), widget=_day(), error_messages=DAY)
    proof = forms.FileField(
        label=_("Proof"),
        help_text=_("PDF, JPEG or PNG, up to 20 MB. Black out names of people: the number of those trained is enough."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        error_messages={
            "required": _("Choose the document that proves it."),
            "empty": _("This document is empty. Choose it again."),
        },
    )

    def document(self) -> bytes:
        """What came."""
        found: UploadedFile[Any] = self.cleaned_data["proof"]
        return b"".join(found.chunks())
