"""The top of the house: settings, addresses, the gate, the office."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created

from praticonnect.database import take_role


class PraticonnectConfig(AppConfig):
    """Puts everything together."""

    name = "praticonnect"

    def ready(self) -> None:
        """Every connection takes the application's role; nothing starts on a database that was restored."""
        from celery.signals import beat_init, celeryd_init

        from lifecycle.rights.guard import why_not_start
        from praticonnect.starting import refuse_restored
        from privacy.commandline import refuse_when

        connection_created.connect(take_role, dispatch_uid="praticonnect.take_role")
        celeryd_init.connect(refuse_restored, dispatch_uid="praticonnect.refuse_restored")
        beat_init.connect(refuse_restored, dispatch_uid="praticonnect.refuse_restored")
        refuse_when(why_not_start)


class OfficeAdminConfig(AdminConfig):
    """The Django admin as the DPO's office."""

    default_site = "praticonnect.office.OfficeSite"
