"""Input to clean values. Every message says what to do."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.specialties import SPECIALTIES
from directory.queries import Own, Wanted

LONGEST = 100
TOO_LONG = {"max_length": _("Write at most %(limit_value)d characters: the beginning of the word is enough.")}


class SearchForm(forms.Form):
    """What to look for in the directory; a field left empty doesn't narrow."""

    name = forms.CharField(label=_("Name"), required=False, max_length=LONGEST, error_messages=TOO_LONG)
    specialty = forms.ChoiceField(
        label=_("Specialty or profession"),
        required=False,
        choices=[("", _("All")), *SPECIALTIES],
        error_messages={"invalid_choice": _("This specialty isn't in the list: choose one of it, or all.")},
    )
    city = forms.CharField(label=_("City or postal code"), required=False, max_length=LONGEST, error_messages=TOO_LONG)

    @property
    def wanted(self) -> Wanted:
        """What can be looked for; a field that was refused doesn't narrow."""
        self.is_valid()
        return Wanted(**{name: text.strip() for name, text in self.cleaned_data.items()})


class ShownForm(forms.Form):
    """What the page shows beyond what the consent names."""

    shows_phone = forms.BooleanField(label=_("Show my professional telephone number"), required=False)

    def __init__(self, own: Own, sent: QueryDict | None = None) -> None:
        super().__init__(sent, initial={"shows_phone": own.shows_phone})
        if not own.has_phone:
            self.fields["shows_phone"].help_text = _("Your profile has no number yet: add it there first.")
