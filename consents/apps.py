"""The ledger of decisions, the texts shown, grants and receipts."""

from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils import timezone


class ConsentsConfig(AppConfig):
    name = "consents"

    def ready(self) -> None:
        """Register the evidence and the questions of sign-up; publish the texts after a migration."""
        from accounts.closing import close_acts_when
        from accounts.hooks import ask_at_signup
        from adapters.grounds import accept
        from audit import evidence
        from consents import minting
        from consents.grants import Grant, PatientGrant
        from consents.hooks import when_decided
        from consents.marketing import audience, news  # noqa: F401 - registers what they send, apply and stop
        from consents.queries import core_closed
        from consents.signup import QUESTIONS
        from consents.usage.actions import forget_uses
        from consents.usage.ledger import KEY

        evidence.register("consents_consentevent", stream="consents", each=evidence.RowTerm("PC-51", 60))
        evidence.register("consents_eventorigin", stream="consent_origins", keep_months=12)
        evidence.register("consents_publishedtext", stream="texts")
        evidence.journal_each("consents.ConsentEvent")
        accept(Grant)
        accept(PatientGrant)
        minting.register()
        close_acts_when(core_closed)
        when_decided(KEY, forget_uses)
        when_decided(audience.KEY, audience.when_turned)
        for question in QUESTIONS:
            ask_at_signup(question)
        post_migrate.connect(publish_after_migration, sender=self)


def publish_after_migration(using: str, **kwargs: Any) -> None:
    """Publish the texts on file in the database that was just migrated (PC-24)."""
    from audit.actors import Actor
    from consents.actions import publish_texts
    from consents.models import PublishedText

    if using != "default" or PublishedText._meta.db_table not in connection.introspection.table_names():
        return
    publish_texts(by=Actor.system("migrate"), now=timezone.now())
