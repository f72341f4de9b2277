"""Which text, and which two of its versions to hold against each other."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django import forms
from django.utils.translation import gettext_lazy as _


class Numbered(Protocol):
    """A version, of whatever."""

    @property
    def number(self) -> int:
        """Its number."""


class TextForm(forms.Form):
    """One of the texts; nothing chosen means the policy."""

    text = forms.ChoiceField(label=_("Text"), required=False)

    def __init__(self, *args: Any, titles: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].choices = list(titles.items())  # type: ignore[attr-defined]


class CompareForm(forms.Form):
    """Two versions of the text; the later one stands against the earlier, in whichever order they are chosen."""

    text = forms.CharField(widget=forms.HiddenInput)
    first = forms.TypedChoiceField(label=_("From version"), coerce=int)
    second = forms.TypedChoiceField(label=_("To version"), coerce=int)

    def __init__(self, *args: Any, versions: Sequence[Numbered], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.number, str(one.number)) for one in reversed(versions)]
        for name in ("first", "second"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = _("There is no such version. Choose one of the list.")

    def clean(self) -> dict[str, Any]:
        """Two different ones."""
        found = super().clean() or {}
        if found.get("first") and found.get("first") == found.get("second"):
            self.add_error("second", _("This is the same version twice. Choose another one here."))
        return found

    @property
    def pair(self) -> tuple[int, int]:
        """The earlier and the later one. Ask after ``is_valid``."""
        first, second = sorted((self.cleaned_data["first"], self.cleaned_data["second"]))
        return first, second
