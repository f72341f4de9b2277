"""What a confirmation carries."""

from django import forms


class PlanForm(forms.Form):
    """The address of the plan that was on the page. One that doesn't fit counts as a plan that changed."""

    plan = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)

    @property
    def shown(self) -> str:
        """The plan that was shown, or nothing."""
        return str(self.cleaned_data["plan"]) if self.is_valid() else ""
