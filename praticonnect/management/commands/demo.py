"""manage.py demo [--json]: a believable demo practice and its logins; a second run changes nothing."""

from typing import Any

from django.conf import settings

from praticonnect import demo
from praticonnect.demo_content import PEOPLE
from privacy.commandline import HouseCommand, fail


class Command(HouseCommand):
    """Refused where the demo is off (production)."""

    help = "Seed the demo practice and print its logins; running it twice changes nothing."

    def run(self, **options: Any) -> int | None:
        """Seed what isn't there, then say how to get in."""
        if not settings.DEMO:
            fail("the demo is off here (PRATICONNECT_DEMO); a production installation has no invented people")
        made = demo.seed(self.now)
        how = "manage.py login_code EMAIL prints the code that a login asks for"
        logins = [{"role": login.role, "email": login.email, "password": login.password} for login in demo.LOGINS]
        if self.as_json:
            self.print_json({"made": made, "patients": len(PEOPLE), "logins": logins, "codes": how})
            return None
        self.print_table(["ROLE", "EMAIL", "PASSWORD"], [list(login.values()) for login in logins])
        self.stdout.write(f"{'Made now' if made else 'Nothing to do: it is all there'}. {how}.")
        return None
