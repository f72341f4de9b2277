"""A click on a switch, and the filter of the log."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consents import notices
from consents.states import Action
from privacy.consent_keys import KEYS


class DecisionForm(forms.Form):
    """What a switch posts. ``shown`` is the address of the wording that stood beside it."""

    key = forms.ChoiceField(choices=[(key, key) for key in KEYS])
    child = forms.CharField(required=False)
    on = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    shown = forms.RegexField(r"^[0-9a-f]{64}$")
    confirmed = forms.BooleanField(required=False)
    page = forms.ChoiceField(choices=[("", ""), ("integration", "integration")], required=False)
    """Where the switch stood: on the page of all, or on that of the service it opens."""

    def clean(self) -> dict[str, Any]:
        """The integration must be one of the key's own."""
        clean = super().clean() or {}
        key, child = clean.get("key", ""), clean.get("child", "")
        if child and notices.slot_of(key, child) not in notices.slots():
            self.add_error("child", _("There is no such integration."))
        return clean


class LogFilter(forms.Form):
    """Which entries of the log to show; nothing chosen shows all."""

    slot = forms.ChoiceField(label=_("Choice"), required=False)
    action = forms.ChoiceField(
        label=_("Act"),
        required=False,
        choices=[("", _("all")), *((action.value, _(action.value)) for action in Action)],
    )
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This is no date. Write it like 2026-11-22.")},
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This is no date. Write it like 2026-11-22.")},
    )

    def __init__(self, *args: Any, titles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("all")), *titles.items()]
        self.fields["slot"].choices = choices  # type: ignore[attr-defined]
