"""``manage.py phases [--check]``: writes docs/phases.md from the tables, or says whether it is stale."""

from lifecycle.drawing import page
from privacy.generated import PageCommand


class Command(PageCommand):
    """From the table of phases."""

    help = "Write docs/phases.md from the table of phases; --check only compares."
    page = "docs/phases.md"

    def made(self, text: str) -> str:
        """All of it is made."""
        return page()
