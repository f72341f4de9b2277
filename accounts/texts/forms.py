"""The form of a number; the code that came there is typed as any other is (accounts.forms)."""

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import identifiers

MOBILE = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})


class NumberForm(forms.Form):
    """A mobile number; without a country code it is read as a French one."""

    number = forms.CharField(
        label=_("Mobile number"), max_length=30,
        help_text=_("Such as 06 12 34 56 78, or +972 50 123 4567 for another country."),
        error_messages={"required": _("Type the number that should take the messages.")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )  # fmt: skip

    def clean_number(self) -> str:
        number = identifiers.clean_phone(self.cleaned_data["number"], "FR")
        if phonenumbers.number_type(phonenumbers.parse(number)) not in MOBILE:
            raise ValidationError(_("This number takes no text messages. Give a mobile number."), code="not_mobile")
        return number
