"""The law as data, the declarations of every field, the promises."""

from django.apps import AppConfig
from django.core import checks


class PrivacyConfig(AppConfig):
    """Reads every app's declarations at start and checks them with ``manage.py check``."""

    name = "privacy"

    def ready(self) -> None:
        """Fill the registry and register its system check."""
        from privacy.checks import check_declarations
        from privacy.registry import discover

        discover()
        checks.register(check_declarations, "privacy")
