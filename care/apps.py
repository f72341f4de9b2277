"""Practice, membership, team, care relationship: the tenant boundary."""

from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils import timezone

JOURNALED = (
    "care.Practice", "care.Membership", "care.CareRelationship", "care.StaffInvitation", "care.AgreementSignature",
    "care.StaffConsent", "care.EmergencyAccess", "care.PortalLink", "care.Invitation",
)  # fmt: skip


class CareConfig(AppConfig):
    """Each practitioner gets a practice at sign-up; signed agreements are evidence."""

    name = "care"

    def ready(self) -> None:
        """Hang on the sign-up; have the agreements sealed and published."""
        from accounts.hooks import opens_others_data_if, when_credentials_are_cut, when_practitioner_is_created
        from audit.evidence import journal_each, register
        from care.actions import open_solo_practice
        from care.cutting import end_invitations, is_in_a_team

        when_practitioner_is_created(open_solo_practice)
        when_credentials_are_cut(end_invitations)
        opens_others_data_if(is_in_a_team)
        register("care_agreementtext", stream="agreements")
        register("care_agreementsignature", stream="agreement_signatures")
        for label in JOURNALED:
            journal_each(label)
        post_migrate.connect(publish_after_migration, sender=self)


def publish_after_migration(using: str, **kwargs: Any) -> None:
    """Publish the agreements on file in the database that was just migrated (MD-41)."""
    from audit.actors import Actor
    from care.models import AgreementText
    from care.team.actions import publish_agreements

    if using != "default" or AgreementText._meta.db_table not in connection.introspection.table_names():
        return
    publish_agreements(by=Actor.system("migrate"), now=timezone.now())
