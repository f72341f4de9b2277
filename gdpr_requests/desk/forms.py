"""What is typed at the desk; the rules of the actions say what is wrong with it."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from gdpr_requests.desk import rectifying
from gdpr_requests.desk.grounds import grounds_of
from gdpr_requests.desk.rules import LONGEST
from gdpr_requests.desk.wording import RIGHTS
from gdpr_requests.models import Channel, ObjectionKind, Outcome, Proof, Request
from privacy.deadlines import DataClass, Right

NONE = [("", "—")]


def _words(label: Any, rows: int = 5, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows}), **options)


def _choice(label: Any, choices: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, **options)


RIGHT_CHOICES = [(right.value, words) for right, words in RIGHTS.items()]
OBJECTS = [*NONE, *ObjectionKind.choices]


class AskForm(forms.Form):
    """A request of somebody signed in."""

    right = _choice(_("What do you ask for?"), RIGHT_CHOICES)
    objects_to = _choice(_("If you object: to what?"), OBJECTS, required=False)
    text = _words(_("Your request"), required=False, help_text=_("As precise as you like. Stored sealed."))


class ContactForm(AskForm):
    """A request of anybody, without an account (PC-67)."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("The receipt and the answer go there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    text = _words(_("Your request"), help_text=_("As precise as you like. Stored sealed."))
    field_order = ["name", "email", "right", "objects_to", "text"]


class EnterForm(AskForm):
    """A request that came by e-mail, by post or by word of mouth, entered by the data protection officer (D17)."""

    right = _choice(_("Right"), RIGHT_CHOICES)
    objects_to = _choice(_("Objects to"), OBJECTS, required=False)
    channel = _choice(_("Came by"), [(one.value, one.label) for one in (Channel.POST, Channel.EMAIL)])
    received_on = forms.DateField(
        label=_("Day of receipt"),
        help_text=_("The clock of the law runs from this day."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    address = forms.CharField(
        label=_("Postal address"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    language = _choice(_("Language of the answer"), settings.LANGUAGES)
    data_class = _choice(
        _("Data asked for"),
        [
            (DataClass.ORDINARY.value, _("ordinary data: one month")),
            (DataClass.MEDICAL.value, _("a medical record: eight days, not before 48 hours")),
            (DataClass.OLD_MEDICAL.value, _("a medical record older than five years: two months, not before 48 hours")),
        ],
    )
    text = _words(_("What is asked"), help_text=_("Stored sealed."))
    field_order = [
        "channel", "received_on", "name", "email", "address", "language", "right", "objects_to", "data_class", "text",
    ]  # fmt: skip


class DeathForm(forms.Form):
    """Somebody reports the death of an account's holder, with proof."""

    email = forms.EmailField(label=_("E-mail address of the account"))
    text = _words(
        _("Who reports the death, and what proves it"),
        help_text=_("For example: the daughter, with the death certificate of 3 November 2026. Stored sealed."),
    )


class HandedForm(EnterForm):
    """A request of a patient without an account, entered by the practice that keeps the file: its age gives the clock."""

    data_class = None  # type: ignore[assignment]  # so Django leaves a field out
    channel = _choice(
        _("Came by"),
        [(Channel.POST.value, _("letter, or handed over at the practice")), (Channel.EMAIL.value, Channel.EMAIL.label)],
    )


class MessageForm(forms.Form):
    """A message, or the reason of a step."""

    text = _words(_("Message"), 4)


class AnswerForm(forms.Form):
    """A decision with its ground."""

    outcome = _choice(_("Decision"), Outcome.choices)
    ground = _choice(_("Legal ground of what isn't granted"), [], required=False)
    text = _words(_("Answer"), help_text=_("A refusal gets its ground, the CNIL and the courts by itself."))

    def __init__(self, request: Request, data: Any = None) -> None:
        super().__init__(data)
        grounds: Any = self.fields["ground"]
        grounds.choices = [*NONE, *((one.value, one.label) for one in grounds_of(Right(request.right)))]
        if rectifying.concerns(request):
            self.fields["corrections"] = forms.MultipleChoiceField(
                label=_("What was corrected"),
                required=False,
                choices=rectifying.choices_of(request),
                widget=forms.CheckboxSelectMultiple,
                help_text=_("Corrections made in this file since the request arrived. A granted correction names one."),
            )
            self.order_fields(["outcome", "ground", "corrections", "text"])


class ProofForm(forms.Form):
    """How the identity was established."""

    proof = _choice(_("Identity"), [(Proof.IN_PERSON.value, Proof.IN_PERSON.label)])


class PaperForm(forms.Form):
    """An identity document."""

    paper = forms.FileField(
        label=_("Identity document"),
        help_text=_(
            "PDF, JPEG or PNG, up to 20 MB. Cover what isn't needed. It is destroyed as soon as it is checked."
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        error_messages={
            "required": _("Choose a document first."),
            "empty": _("This document is empty. Choose it again."),
        },
    )


class DeskFilter(forms.Form):
    """Which requests to show; empty fields don't filter."""

    right = _choice(_("Right"), [*NONE, *RIGHT_CHOICES], required=False)
    stands = _choice(
        _("State"),
        [*NONE, ("open", _("open")), ("overdue", _("overdue")), ("done", _("answered, closed or withdrawn"))],
        required=False,
    )
    channel = _choice(_("Channel"), [*NONE, *Channel.choices], required=False)


__all__ = [
    "AnswerForm",
    "AskForm",
    "ContactForm",
    "DeskFilter",
    "EnterForm",
    "HandedForm",
    "MessageForm",
    "PaperForm",
    "ProofForm",
]
