"""What is typed against a change of subprocessors."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gdpr_requests.desk.rules import LONGEST


class ObjectionForm(forms.Form):
    """``asked`` is the version that stood on the page."""

    asked = forms.IntegerField(min_value=1, max_value=100_000, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("What you object to, and why"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("As precise as you like. Stored sealed; no names of patients, please."),
        error_messages={"required": _("Say in a sentence what you object to, so that we can answer.")},
    )
