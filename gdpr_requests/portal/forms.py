"""What a patient chooses and types on the privacy pages."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from care.models import Capacity
from gdpr_requests.desk.forms import OBJECTS, AskForm
from gdpr_requests.desk.rules import LONGEST
from gdpr_requests.desk.wording import RIGHTS
from gdpr_requests.forms import JournalFilter
from gdpr_requests.portal.queries import ACCOUNT, Watched
from privacy.deadlines import Right

ASKED_HERE: Final = (
    Right.ACCESS, Right.RECTIFICATION, Right.ERASURE, Right.RESTRICTION, Right.PORTABILITY, Right.OBJECTION,
    Right.HOSTING_OBJECTION, Right.DIRECTIVES, Right.QUESTION,
)  # fmt: skip
"""A questioned access is asked for at its line of the journal."""


def name_of(one: Watched) -> str:
    """A file in words: its practice, and for somebody else's in which capacity, with the end of its number."""
    if one.link.capacity == Capacity.SELF:
        return str(one.link.practice.name)
    words = gettext("%(practice)s, as %(capacity)s (file …%(end)s)")
    capacity = one.link.get_capacity_display()
    return words % {"practice": one.link.practice.name, "capacity": capacity, "end": str(one.file.pk)[-6:]}


def _choices(files: Iterable[Watched]) -> list[tuple[str, Any]]:
    return [*((str(one.link.pk), name_of(one)) for one in files), (ACCOUNT, _("My account at PratiConnect"))]


class PatientJournalFilter(JournalFilter):
    """Which openings to show: of which file or of the account, from when to when, by whom."""

    about = forms.ChoiceField(label=_("Whose data"), required=False)
    field_order = ["about", "since", "until", "who"]

    def __init__(self, files: Iterable[Watched], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        about: Any = self.fields["about"]
        about.choices = [("", _("Everything")), *_choices(files)]


class PatientAskForm(AskForm):
    """A request about one practice's file, or about the account."""

    about = forms.ChoiceField(
        label=_("About which data?"),
        help_text=_("A practice answers for the file it keeps; another practice's file isn't touched by that."),
    )
    right = forms.ChoiceField(label=_("What do you ask for?"), choices=[(one.value, RIGHTS[one]) for one in ASKED_HERE])
    objects_to = forms.ChoiceField(label=_("If you object: to what?"), choices=OBJECTS, required=False)
    field_order = ["about", "right", "objects_to", "text"]

    def __init__(self, files: Iterable[Watched], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        about: Any = self.fields["about"]
        about.choices = _choices(files)


class QuestionForm(forms.Form):
    """What a person adds to the line they don't recognise."""

    text = forms.CharField(
        label=_("What you want to say about it"),
        required=False,
        max_length=LONGEST - 500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stored sealed."),
    )
