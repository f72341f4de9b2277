"""What a person types and chooses about their data after death. Nothing is chosen or ticked before they act."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from care.models import PortalLink
from gdpr_requests.directives.rules import LONGEST
from gdpr_requests.directives.words import ACCOUNT, Choice

FILE = "file_"


class GeneralForm(forms.Form):
    """Where general directives are registered."""

    trustee = forms.CharField(
        label=_("Certified third party"),
        max_length=200,
        help_text=_("The trusted third party, certified by the CNIL, with whom your directives lie."),
    )
    reference = forms.CharField(label=_("Number of your registration there"), max_length=200)


class SpecificForm(forms.Form):
    """What happens to each thing that is held here, and who gets a copy."""

    account = forms.ChoiceField(label=_("My account at PratiConnect"), choices=[("", "—"), *Choice.choices])
    name = forms.CharField(label=_("Person who gets the copies"), max_length=200, required=False)
    email = forms.EmailField(label=_("Their e-mail address"), required=False)
    address = forms.CharField(
        label=_("Their postal address"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    words = forms.CharField(
        label=_("In your own words"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Read by whoever carries the directives out. Stored sealed."),
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, links: Iterable[PortalLink], consent: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.links = list(links)
        for link in self.links:
            self.fields[FILE + str(link.practice_id)] = forms.ChoiceField(
                label=_("My file at %(practice)s") % {"practice": link.practice.name},
                choices=[("", "—"), *Choice.choices],
                help_text=_("The practice has to keep it as long as the law says; then the file is erased anyway."),
            )
        self.fields["agreed"] = forms.BooleanField(
            label=consent, required=False, help_text=_("You can revoke this at any time, without a reason.")
        )
        self.order_fields(
            [
                ACCOUNT,
                *(FILE + str(link.practice_id) for link in self.links),
                "name",
                "email",
                "address",
                "words",
                "agreed",
            ]
        )

    def said(self, language: str) -> dict[str, Any]:
        """What is sealed."""
        clean = self.cleaned_data
        files = {str(link.practice_id): clean[FILE + str(link.practice_id)] for link in self.links}
        texts = {name: clean[name].strip() for name in ("name", "email", "address", "words")}
        return {ACCOUNT: clean[ACCOUNT], "files": files, **texts, "language": language}


def initial_of(said: dict[str, Any] | None) -> dict[str, Any]:
    """A version that counts, as the form shows it again; the consent is asked for anew."""
    if not said:
        return {}
    files = {FILE + practice: choice for practice, choice in said.get("files", {}).items()}
    return {**{name: said.get(name, "") for name in (ACCOUNT, "name", "email", "address", "words")}, **files}
