"""``manage.py retention_page [--check]``: makes the table of docs/retention.md, or says whether it is stale."""

from lifecycle.schedule.page import with_rules
from privacy.generated import PageCommand


class Command(PageCommand):
    """From the rules of retention."""

    help = "Make the table of docs/retention.md from the rules; --check only compares."
    page = "docs/retention.md"

    def made(self, text: str) -> str:
        """The page with the rules of today."""
        return with_rules(text)
