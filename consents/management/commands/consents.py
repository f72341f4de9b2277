"""``manage.py consents show EMAIL`` and ``manage.py consents set EMAIL KEY on|off``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from accounts.queries import account_by_email
from audit.actors import Actor
from consents import actions, queries
from consents.rules import UnknownKey
from consents.states import State
from privacy.commandline import HouseCommand, fail
from privacy.refusals import Refused


class Command(HouseCommand):
    """Shows a person's choices, and sets one by the same action as the page."""

    help = "Shows what a person has agreed to, or records a decision they asked operations for."

    def arguments(self, parser: CommandParser) -> None:
        """The two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = self.verb(verbs, "show", "the current state of every switch")
        show.add_argument("email")
        change = self.verb(verbs, "set", "record one decision, as the page does")
        change.add_argument("email")
        change.add_argument("key")
        change.add_argument("position", choices=["on", "off"])
        change.add_argument("--child", default="", metavar="NAME", help="one integration of the key")

    def run(self, **options: Any) -> int:
        """Show or set; wrong use leaves with code 2 and one line."""
        user = account_by_email(options["email"])
        if user is None:
            fail(f"There is no account with the address {options['email']}; check its spelling")
        if options["verb"] == "show":
            return self.show(user)
        return self.set(user, options["key"], options["position"], options["child"])

    def show(self, user: User) -> int:
        """Print each switch with its state."""
        states = queries.states(user.pk, self.now)
        if self.as_json:
            self.print_json({slot: _plain(state) for slot, state in states.items()})
        else:
            self.print_table(
                ["key", "state", "since"],
                [
                    [slot, state.position, state.since.isoformat() if state.since else ""]
                    for slot, state in states.items()
                ],
            )
        return 0

    def set(self, user: User, key: str, position: str, child: str) -> int:
        """Record the decision and print what came of it."""
        try:
            decision = actions.decide(
                subject_id=user.pk, key=key, child=child, on=position == "on",
                by=Actor.operations("consents set"), language=user.language, channel="command",
                now=self.now, control=actions.Control("command", "none", "consents set"),
            )  # fmt: skip
        except (UnknownKey, Refused) as refusal:
            fail(str(refusal))
        if self.as_json:
            self.print_json({"changed": decision.changed, "event": decision.event_id, **_plain(decision.state)})
        elif decision.changed:
            self.stdout.write(f"{key} {child} is now {position}".replace("  ", " "))
        else:
            self.stdout.write(f"{key} {child} was {position} already; nothing was written".replace("  ", " "))
        return 0


def _plain(state: State) -> dict[str, object]:
    return {
        "on": state.on,
        "state": str(state.position),
        "since": state.since.isoformat() if state.since else None,
        "text_version": state.text_number or None,
        "by_parent": state.by_parent,
    }
