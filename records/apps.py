"""Patient files: identity, consultations, measures, documents."""

from django.apps import AppConfig

from audit.evidence import register


class RecordsConfig(AppConfig):
    """Signed versions of consultations are evidence."""

    name = "records"

    def ready(self) -> None:
        """Have them sealed and verified."""
        register("records_consultationversion", stream="records")
