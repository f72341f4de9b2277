"""Practice, membership, care relationship: the tenant boundary."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """Each practitioner gets a practice at sign-up."""

    name = "care"

    def ready(self) -> None:
        """Hang on the sign-up."""
        from accounts.hooks import when_practitioner_is_created
        from audit.evidence import journal_each
        from care.actions import open_solo_practice

        when_practitioner_is_created(open_solo_practice)
        for label in (
            "care.Practice",
            "care.Membership",
            "care.CareRelationship",
            "care.PortalLink",
            "care.Invitation",
        ):
            journal_each(label)
