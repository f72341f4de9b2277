"""Filters of the privacy centre's lists."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gdpr_requests.export.scopes import ASKED_BY_PRACTITIONERS, Scope


class JournalFilter(forms.Form):
    """Which openings to show; empty fields don't filter."""

    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("To, that day included"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    who = forms.ChoiceField(
        label=_("Who"),
        required=False,
        choices=[("", _("Everyone")), ("me", _("You")), ("others", _("Everyone but you"))],
    )


class ExportForm(forms.Form):
    """What to export."""

    scope = forms.ChoiceField(
        label=_("What do you want?"),
        choices=[(one.value, one.label) for one in ASKED_BY_PRACTITIONERS],
        initial=Scope.FULL,
        widget=forms.RadioSelect,
    )
