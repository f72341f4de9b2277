"""What a button of the page of a change posts."""

from django import forms

from lifecycle.changes.rules import Answer


class AnswerForm(forms.Form):
    """``asked`` is the version that stood on the page, ``next`` where the person was going."""

    said = forms.ChoiceField(choices=[(one.value, one.value) for one in Answer])
    asked = forms.IntegerField(min_value=1, max_value=10_000)
    next = forms.CharField(required=False, max_length=2_000)
