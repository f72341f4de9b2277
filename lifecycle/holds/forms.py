"""What the office types to place or lift a hold."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from lifecycle.holds.rules import LONGEST, REVIEW_WITHIN
from lifecycle.models import Ground

SOON = timedelta(days=1)


class PlaceForm(forms.Form):
    """A hold to be placed; the rules of the action say what is wrong with it."""

    file_id = forms.UUIDField(
        label=_("Patient file"),
        help_text=_("Its id, as the register, a request or the journal names it."),
        error_messages={"invalid": _("This is no file's id. Copy it whole: 36 characters with dashes.")},
    )
    ground = forms.ChoiceField(label=_("Ground"), choices=Ground.choices)
    case = forms.CharField(
        label=_("Case"), max_length=LONGEST, help_text=_("Number or name of the case; stored sealed.")
    )
    why = forms.CharField(
        label=_("Why"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Stored sealed.")
    )
    review_on = forms.DateField(
        label=_("To be reviewed on"),
        help_text=_("Within a year: nothing is kept by forgetting it."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day of review as year-month-day, for example 2027-03-31.")},
    )

    def limit(self, today: date) -> "PlaceForm":
        """Have the browser offer only days of review that the rule takes."""
        bounds = {"min": (today + SOON).isoformat(), "max": REVIEW_WITHIN.after(today).isoformat()}
        self.fields["review_on"].widget.attrs.update(bounds)
        return self


class LiftForm(forms.Form):
    """The reason a hold ends for."""

    why = forms.CharField(
        label=_("Why is it lifted?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stored sealed."),
    )
