"""The answer to one question."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ChoiceForm(forms.Form):
    """Yes or no; nothing else."""

    choice = forms.ChoiceField(
        choices=[("yes", "yes"), ("no", "no")],
        error_messages={
            "required": _("Choose one of the two buttons: nothing was kept."),
            "invalid_choice": _("Choose one of the two buttons: nothing was kept."),
        },
    )
