"""``manage.py login_code EMAIL``: a current code of a demo or test account's second factor. Refused in production."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from accounts import actions, factors, queries
from accounts.models import User
from audit.actors import Actor
from privacy.commandline import FOUND, HouseCommand, fail


class Command(HouseCommand):
    """Prints six digits, alone on their line. Exit 1 when there is nothing to give a code for yet."""

    help = "A current code of a demo or test account's second factor (never in production)."

    def arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("email")

    def run(self, **options: Any) -> int:
        """Print a code, or say how to get one."""
        if not settings.DEMO:
            fail("login_code is for demo and test installations; this one is not (PRATICONNECT_DEMO is off)")
        user = queries.account_by_email(options["email"])
        if user is None:
            fail(f"There is no account with the address {options['email']}; check its spelling")
        code = self._code(user)
        if code is None:
            return FOUND
        if self.as_json:
            self.print_json({"email": user.email, "code": code})
        else:
            self.stdout.write(code)
        return 0

    def _code(self, user: User) -> str | None:
        if app := factors.app_of(user):
            return factors.usable_code(app)
        if queries.has_held_factor(user):
            self.stderr.write(f"{user.email} signs in with a passkey, which has no code: use the device that holds it")
            return None
        code = actions.reissue_code(user=user, by=Actor.operations("login_code"), now=self.now)
        if code is None:
            self.stderr.write(
                f"No sign-in of {user.email} waits for a code: type e-mail and password on the sign-in page first, then ask again"
            )
        return code
