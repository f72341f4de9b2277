"""The medical questionnaire (MD-03): its questions, mandatory ones marked, as a form and as words."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SMOKING: Final = (
    ("", _("Choose…")), ("never", _("Never")), ("stopped", _("Not any more")), ("yes", _("Yes")),
)  # fmt: skip
ALCOHOL: Final = (
    ("", _("Choose…")), ("never", _("Never")), ("sometimes", _("Now and then")), ("often", _("Several times a week")),
    ("daily", _("Every day")),
)  # fmt: skip
ACTIVITY: Final = (
    ("", _("Choose…")), ("none", _("Hardly any")), ("some", _("Some, each week")), ("much", _("Most days")),
)  # fmt: skip
CHOICES: Final = {"smoking": SMOKING, "alcohol": ALCOHOL, "activity": ACTIVITY}


def _choice(name: str, label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=CHOICES[name], error_messages={"required": _("Choose the answer that fits best.")}
    )


def _words(label: Any, *, must: bool = True, help_text: Any = "") -> forms.CharField:
    """A text; a mandatory one is answered with "none" where there is nothing."""
    return forms.CharField(
        label=label, required=must, max_length=4000, help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={"required": _("Answer this too; write “none” if there is nothing.")},
    )  # fmt: skip


class QuestionnaireForm(forms.Form):
    """Lifestyle; diseases, family history, treatments, risk situations."""

    smoking = _choice("smoking", _("Do you smoke?"))
    alcohol = _choice("alcohol", _("Do you drink alcohol?"))
    activity = _choice("activity", _("How much do you move?"))
    lifestyle = _words(_("Food, sleep, work: what else matters"), must=False)
    diseases = _words(_("Diseases and operations, now and before"), help_text=_("With the year, if you know it."))
    family_history = _words(_("Diseases in your family"), help_text=_("Parents, brothers and sisters, children."))
    treatments = _words(_("Treatments you take"), help_text=_("Medicines with their dose; what you buy yourself too."))
    allergies = _words(_("Allergies and what you can't bear"), must=False)
    risks = _words(
        _("Situations of risk"),
        help_text=_("Pregnancy, work with danger, travel, anything your practitioner should know."),
    )

    def answers(self) -> dict[str, str]:
        """The clean answers by question."""
        return {name: str(self.cleaned_data[name]) for name in self.fields}

    def so_far(self) -> dict[str, str]:
        """What was typed, complete or not, for the draft; nothing longer than its field takes."""
        return {name: str(self.data.get(name, ""))[:4000] for name in self.fields}


def in_words(answers: Mapping[str, str]) -> list[tuple[str | Promise, str | Promise]]:
    """Question and answer, in the order of the form; what was left empty isn't listed."""
    shown: list[tuple[str | Promise, str | Promise]] = []
    for name, field in QuestionnaireForm.base_fields.items():
        if text := answers.get(name, ""):
            shown.append((field.label or name, dict(CHOICES.get(name, ())).get(text, text)))
    return shown
