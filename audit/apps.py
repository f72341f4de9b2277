"""Append-only journals, their sealing and verification."""

from django.apps import AppConfig

from audit import evidence

ACCESS_MONTHS = 36
SECURITY_MONTHS = 12
EVENT_MONTHS = 240


class AuditConfig(AppConfig):
    """Registers the house's own evidence."""

    name = "audit"

    def ready(self) -> None:
        """The three journals, and the record of months that expired."""
        evidence.register("audit_accessentry", "access", ACCESS_MONTHS)
        evidence.register("audit_securityentry", "security", SECURITY_MONTHS)
        evidence.register("audit_evententry", "events", EVENT_MONTHS)
        evidence.register("audit_expiredmonth", "expiries")
        evidence.register("audit_expiredrows", "expired_rows")
