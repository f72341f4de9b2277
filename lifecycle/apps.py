"""The clocks of an account: phases of the subscription, what each allows, notices."""

from django.apps import AppConfig


class LifecycleConfig(AppConfig):
    """Its facts only grow; the phase is computed from them whenever it is asked for."""

    name = "lifecycle"

    def ready(self) -> None:
        """Have the facts and the sent notices sealed and verified."""
        from audit import evidence
        from lifecycle.holds.queries import on_clocks
        from records.holds import read_holds_from

        evidence.register("lifecycle_subscriptionevent", stream="lifecycle")
        evidence.register("lifecycle_noticesent", stream="notices")
        evidence.journal_each("lifecycle.SubscriptionEvent")
        evidence.journal_each("lifecycle.NoticeSent")
        evidence.journal_each("lifecycle.Hold")
        read_holds_from(on_clocks)
