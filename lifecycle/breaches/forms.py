"""What the office types into the breach register. Moments are Paris time, as the pages show them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.queries import account_by_email
from lifecycle.breaches.rules import LONGEST
from lifecycle.models.breaches import Risk


def _text(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, help_text=help_text, max_length=LONGEST, required=required, widget=area)


def _moment(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateTimeField:
    field = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    wrong = _("Write day and hour as 2027-03-27T10:00.")
    return forms.DateTimeField(
        label=label, help_text=help_text, required=required, widget=field, error_messages={"invalid": wrong}
    )


class OpenForm(forms.Form):
    """What happened, and since when we know."""

    nature = _text(_("What happened?"), _("In a sentence or two; stored sealed."))
    aware_at = _moment(_("When did we become aware?"), _("The 72 hours run from then on."))
    began_at = _moment(_("When did it begin, if known?"), required=False)


class ScopeForm(forms.Form):
    """By whom and when files may have been read; all that is given holds together."""

    account = forms.EmailField(label=_("Account"), required=False)
    session_ref = forms.CharField(
        label=_("Session"), required=False, max_length=64, help_text=_("As the access journal names it.")
    )
    ip = forms.GenericIPAddressField(label=_("Address"), required=False)
    since = _moment(_("From"))
    until = _moment(_("Until"))

    def clean(self) -> dict[str, Any]:
        """The account by its id."""
        data = super().clean() or {}
        address = data.pop("account", "")
        user = account_by_email(address) if address else None
        if address and user is None:
            self.add_error("account", _("There is no account with this address. Check its spelling."))
        return {**data, "actor_id": user.pk if user else None}


class DecideForm(forms.Form):
    """The risk, and why it is judged so."""

    risk = forms.ChoiceField(label=_("Risk for people"), choices=[("", "—"), *Risk.choices])
    why = _text(_("Why?"))
    consequences = _text(_("Likely consequences"), required=False)
    measures = _text(_("Measures taken and proposed"), required=False)


class ToldForm(forms.Form):
    """The authority's receipt."""

    reference = forms.CharField(label=_("Number of the authority's receipt"), max_length=100)
    delay = _text(_("Reasons of the delay"), _("Only after 72 hours."), required=False)


class CloseForm(forms.Form):
    """What was done."""

    why = _text(_("What was done, and why is it closed?"))
