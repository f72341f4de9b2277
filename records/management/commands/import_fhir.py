"""manage.py import_fhir PATH… --practitioner EMAIL [--dry-run] [--twins] [--json]"""

from records.importing.commanding import ImportCommand


class Command(ImportCommand):
    """FHIR R4 bundles, one patient's file each (PC-123)."""

    help = "Bring patients from FHIR R4 bundles, one patient each. Importing again adds only what is new."
    endings = (".json",)
