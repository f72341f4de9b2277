"""What a practitioner says to restrict a file, to free it, or to read it meanwhile."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from records.models import OpeningGround, RestrictionGround, Told
from records.rules import LONGEST_REASON


def _words(label: Any, help_text: Any, *, required: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=bool(required), max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": required} if required else {},
    )  # fmt: skip


class RestrictForm(forms.Form):
    """Why the file is restricted."""

    ground = forms.ChoiceField(label=_("Why?"), choices=RestrictionGround.choices, widget=forms.RadioSelect)
    note = _words(_("Note"), _("What is disputed, and since when. Stored sealed."))


class TellForm(forms.Form):
    """How the patient learnt that the restriction ends."""

    restriction = forms.UUIDField(widget=forms.HiddenInput)
    how = forms.ChoiceField(label=_("How does the patient know?"), choices=Told.choices, widget=forms.RadioSelect)


class LiftForm(forms.Form):
    """Why it is lifted."""

    restriction = forms.UUIDField(widget=forms.HiddenInput)
    why = _words(
        _("Why is it lifted?"), _("For example: the birth date was checked and corrected. Stored sealed."),
        required=_("Say why it is lifted."),
    )  # fmt: skip


class ReadForm(forms.Form):
    """Why a restricted file is read."""

    ground = forms.ChoiceField(label=_("What for?"), choices=OpeningGround.choices, widget=forms.RadioSelect)
    why = _words(
        _("Why do you read it?"), _("For example: my insurer asks for the file in case 26/0123. Stored sealed."),
        required=_("Say why you read it: the patient may ask for the reason."),
    )  # fmt: skip
