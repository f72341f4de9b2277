"""``manage.py news list`` and ``manage.py news send ISSUE [--dry-run]``."""

from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from consents.marketing import news
from privacy.commandline import HouseCommand, fail


class Command(HouseCommand):
    """Queues an issue of the newsletter for those who agree to it; the consent is asked again as each message leaves."""

    help = "Lists the issues of the newsletter, or queues one, once a reader."

    def arguments(self, parser: CommandParser) -> None:
        """The two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        self.verb(verbs, "list", "the issues that are written, and how many would read a new one")
        send = self.verb(verbs, "send", "queue one issue")
        send.add_argument("issue")
        send.add_argument("--dry-run", action="store_true", help="only say how many would get it")

    def run(self, **options: Any) -> None:
        """List or send; an unknown issue leaves with code 2 and one line."""
        readers = len(news.readers(self.now))
        if options["verb"] == "list" or options["dry_run"]:
            self.stdout.write(f"{readers} readers. Issues: {', '.join(news.issues())}")
            return
        try:
            queued = news.send_issue(issue=options["issue"], by=Actor.operations("news"), now=self.now)
        except LookupError as unknown:
            fail(str(unknown))
        self.stdout.write(f"{queued} messages queued.")
