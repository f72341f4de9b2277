"""The rows of the clocks, by concern."""

from lifecycle.models.phases import NoticeSent, SubscriptionEvent

__all__ = ["NoticeSent", "SubscriptionEvent"]
