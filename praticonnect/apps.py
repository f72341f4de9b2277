"""The top of the house: settings, addresses, the gate, the office."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created

from praticonnect.database import take_role


class PraticonnectConfig(AppConfig):
    """Puts everything together."""

    name = "praticonnect"

    def ready(self) -> None:
        """Every connection takes the application's role."""
        connection_created.connect(take_role, dispatch_uid="praticonnect.take_role")


class OfficeAdminConfig(AdminConfig):
    """The Django admin as the DPO's office."""

    default_site = "praticonnect.office.OfficeSite"
