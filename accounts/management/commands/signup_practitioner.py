"""``manage.py signup_practitioner EMAIL --password-stdin``: an account as the sign-up page makes it, for operations."""

import re
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from accounts import actions, hooks
from accounts.forms import SignupForm
from accounts.models import Jurisdiction, User
from accounts.specialties import CODES
from audit.actors import Actor
from privacy.commandline import HouseCommand, fail

TO_COMPLETE = "to be completed"
OPTIONS = ("rpps", "adeli", "qualifications", "phone", "address_line", "postal_code", "city")


def _names_in(email: str) -> tuple[str, str]:
    """Given names and surname guessed from the address, until the practitioner corrects them."""
    words = [word.capitalize() for word in re.split(r"[._+\-0-9]+", email.partition("@")[0]) if word] or [email]
    return words[0], " ".join(words[1:]) or words[0]


class Command(HouseCommand):
    """The same form, rules, answers and practice as the page; the address counts as verified by operations."""

    help = "Makes a practitioner's account exactly as the sign-up page does."

    def arguments(self, parser: CommandParser) -> None:
        """Address, password from standard input, and whatever of the profile is known."""
        parser.add_argument("email")
        parser.add_argument(
            "--password-stdin", action="store_true", required=True, help="read the password from standard input"
        )
        parser.add_argument("--jurisdiction", choices=Jurisdiction.values, default=Jurisdiction.FRANCE.value)
        parser.add_argument(
            "--language", choices=[code for code, _name in settings.LANGUAGES], default=settings.LANGUAGE_CODE
        )
        parser.add_argument("--given-names", default="", help="guessed from the address when left out")
        parser.add_argument("--surname", default="", help="guessed from the address when left out")
        parser.add_argument("--specialty", choices=sorted(CODES), default="other")
        for name in OPTIONS:
            parser.add_argument(f"--{name.replace('_', '-')}", default=_DEFAULTS.get(name, ""))

    def run(self, **options: Any) -> int:
        """Make the account; a refused field leaves with code 2 and one line that names it."""
        form = SignupForm(_typed(options, sys.stdin.readline().rstrip("\r\n")))
        self._refuse(form)
        user = actions.sign_up_practitioner(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password1"],
            profile=form.profile_values(),
            answers=form.cleaned_data,
            language=options["language"],
            email_verified=True,
            by=Actor.operations("signup_practitioner"),
            now=self.now,
        )
        self._tell(user)
        return 0

    def _refuse(self, form: SignupForm) -> None:
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            fail(f"{field}: {' '.join(map(str, errors))}")
        if form.account_already_exists:
            fail(f"{form.cleaned_data['email']} has an account already; one account is one person")
        if form.number_is_taken():
            fail("this RPPS or ADELI number belongs to another account already; one account is one person")

    def _tell(self, user: User) -> None:
        profile = user.practitioner
        if self.as_json:
            self.print_json(
                {
                    "id": user.pk,
                    "email": user.email,
                    "surname": profile.surname,
                    "given_names": profile.given_names,
                    "rpps": profile.rpps,
                    "jurisdiction": profile.jurisdiction,
                }
            )
        else:
            self.stdout.write(f"{user.email}: account made for {profile}, {profile.get_jurisdiction_display()}")


_DEFAULTS = {"address_line": TO_COMPLETE, "postal_code": "-", "city": TO_COMPLETE}


def _typed(options: dict[str, Any], password: str) -> dict[str, Any]:
    """What would stand in the page's fields."""
    given, family = _names_in(options["email"])
    answers = {
        name: value
        for question in hooks.questions_for("practitioner")
        for name, value in question.by_operations.items()
    }
    return {
        **answers,
        **{name: options[name] for name in OPTIONS},
        "specialty": options["specialty"],
        "email": options["email"],
        "password1": password,
        "given_names": options["given_names"] or given,
        "surname": options["surname"] or family,
        "jurisdiction": options["jurisdiction"],
        "country": options["jurisdiction"],
    }
