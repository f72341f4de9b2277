"""``manage.py recipients_page [--check]``: makes the table of docs/recipients.md, or says whether it is stale."""

from care.documents import with_recipients
from privacy.generated import PageCommand


class Command(PageCommand):
    """From the roles' classes."""

    help = "Make the table of docs/recipients.md from the roles' classes; --check only compares."
    page = "docs/recipients.md"

    def made(self, text: str) -> str:
        """The page with the table of today."""
        return with_recipients(text)
