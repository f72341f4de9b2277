"""manage.py import_csv PATH… --practitioner EMAIL [--dry-run] [--keep-good] [--twins] [--json]"""

from django.core.management.base import CommandParser

from records.importing.commanding import ImportCommand


class Command(ImportCommand):
    """Patients, and their consultations, from CSV files (PC-123)."""

    help = "Bring patients (and consultations) from CSV files; the columns are in docs/imports.md."
    endings = (".csv", ".txt", ".tsv")

    def arguments(self, parser: CommandParser) -> None:
        """Also whether the good lines of a file with bad ones are wanted."""
        super().arguments(parser)
        parser.add_argument(
            "--keep-good", action="store_true", help="take the good lines of a file that has wrong ones"
        )
