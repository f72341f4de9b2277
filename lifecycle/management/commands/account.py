"""``manage.py account``: ``phase``, ``subscribe``, ``end-subscription``, ``request-deletion``, ``withdraw-deletion``, each with EMAIL."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from accounts.queries import account_by_email
from audit.actors import Actor
from lifecycle import actions, queries
from lifecycle.allowed import ALLOWED
from lifecycle.deletion import executing, seam
from lifecycle.deletion.actions import request_deletion, waive_wait, withdraw_deletion
from lifecycle.deletion.queries import standing_at
from lifecycle.deletion.rules import Kind, Standing
from lifecycle.phases import Phase
from privacy.commandline import FOUND, HouseCommand, fail
from privacy.refusals import Refused

ENTERING = {"subscribe": actions.subscribe, "end-subscription": actions.end_subscription}


class Command(HouseCommand):
    """Shows the phase of an account, and enters facts of its contract by the same actions as the page."""

    help = "Shows the phase of an account, begins and ends its subscription, requests and withdraws its deletion."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs, each for one account."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for name, about in (
            ("phase", "phase, since when, next change, what is allowed"),
            ("subscribe", "begin a subscription"),
            ("end-subscription", "end the subscription; seven days of grace follow"),
        ):
            self.verb(verbs, name, about).add_argument("email")
        ask = self.verb(verbs, "request-deletion", "enter a request that the holder made in writing; the wait follows")
        ask.add_argument("email")
        ask.add_argument(
            "--plan", metavar="SHA256", help="the plan that was approved; without it, the plan as it is now"
        )
        ask.add_argument("--waive", action="store_true", help="the holder gave up the wait: execute it now")
        back = self.verb(
            verbs, "withdraw-deletion", "take the request back; possible until the instant of the deletion"
        )
        back.add_argument("email")

    def run(self, **options: Any) -> int | None:
        """Do the verb, then print where the account is; wrong use leaves with code 2 and one line."""
        user = account_by_email(options["email"])
        if user is None:
            fail(f"There is no account with the address {options['email']}; check its spelling")
        if options["verb"] in ("request-deletion", "withdraw-deletion"):
            return self.delete(user, **options)
        self.show(self.enter(user, options["verb"]))
        return None

    def delete(self, user: User, *, verb: str, **options: Any) -> int | None:
        """Request or withdraw a deletion, by the same actions as the pages; then print where it stands.

        Exit code 1 when it had to be stopped instead of executed; nothing was destroyed then.
        """
        by = Actor.operations(f"account {verb}")
        try:
            if verb == "withdraw-deletion":
                withdraw_deletion(account_id=user.pk, by=by, now=self.now)
            else:
                self.request(user, options["plan"], waive=options["waive"], by=by)
        except (Refused, seam.PlanChanged) as refusal:
            fail(str(refusal))
        standing = standing_at(user.pk, self.now)
        self.show_deletion(user, standing)
        return FOUND if standing.last and standing.last.kind is Kind.STOPPED else None

    def request(self, user: User, plan: str | None, *, waive: bool, by: Actor) -> None:
        """Enter the request; with ``waive`` execute it too, a request that waits already as well."""
        if not (waive and standing_at(user.pk, self.now).runs):
            approved = plan or seam.plan_for_account(user.pk, self.now).sha256
            request_deletion(user=user, plan_sha256=approved, by=by, now=self.now)
        if waive:
            waive_wait(user=user, by=by, now=self.now)
            executing.execute_due(account_id=user.pk, by=by, now=self.now)

    def show_deletion(self, user: User, standing: Standing) -> None:
        """Print where the request stands; moments in UTC."""
        shown = {
            "deletion": standing.state.value,
            "request": standing.request,
            "requested_at": standing.requested_at.isoformat() if standing.requested_at else None,
            "execute_at": standing.execute_at.isoformat() if standing.execute_at else None,
            "plan": standing.plan_sha256,
            "last": standing.last.kind.value if standing.last else None,
            "phase": queries.phase_at(user.pk, self.now).name.value,
        }
        if self.as_json:
            self.print_json(shown)
        else:
            self.print_table(["WHAT", "VALUE"], [(key, "" if value is None else value) for key, value in shown.items()])

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
