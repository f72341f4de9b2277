"""``manage.py account phase EMAIL``, ``account subscribe EMAIL`` and ``account end-subscription EMAIL``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from accounts.queries import account_by_email
from audit.actors import Actor
from lifecycle import actions, queries
from lifecycle.allowed import ALLOWED
from lifecycle.phases import Phase
from lifecycle.rules import Refused
from privacy.commandline import HouseCommand, fail

ENTERING = {"subscribe": actions.subscribe, "end-subscription": actions.end_subscription}


class Command(HouseCommand):
    """Shows the phase of an account, and enters facts of its contract by the same actions as the page."""

    help = "Shows the phase of an account, or begins and ends its subscription."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs, each for one account."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for name, about in (
            ("phase", "phase, since when, next change, what is allowed"),
            ("subscribe", "begin a subscription"),
            ("end-subscription", "end the subscription; seven days of grace follow"),
        ):
            self.verb(verbs, name, about).add_argument("email")

    def run(self, **options: Any) -> None:
        """Do the verb, then print the phase; wrong use leaves with code 2 and one line."""
        user = account_by_email(options["email"])
        if user is None:
            fail(f"There is no account with the address {options['email']}; check its spelling")
        self.show(self.enter(user, options["verb"]))

    def enter(self, user: User, verb: str) -> Phase:
        """The phase as it is, or as it is after the fact was entered."""
        if verb not in ENTERING:
            return queries.phase_at(user.pk, self.now)
        try:
            return ENTERING[verb](user=user, by=Actor.operations(f"account {verb}"), now=self.now)
        except Refused as refusal:
            fail(str(refusal))

    def show(self, phase: Phase) -> None:
        """Print a phase; moments in UTC."""
        shown = {
            "phase": phase.name.value,
            "since": phase.since.isoformat() if phase.since else None,
            "next_change": phase.next_change.isoformat() if phase.next_change else None,
            "allowed": sorted(act.name.lower() for act in ALLOWED[phase.name]),
        }
        if self.as_json:
            self.print_json(shown)
        else:
            rows = [(key, ", ".join(value) if isinstance(value, list) else value or "") for key, value in shown.items()]
            self.print_table(["WHAT", "VALUE"], rows)
