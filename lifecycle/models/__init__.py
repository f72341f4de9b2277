"""The rows of the clocks, by concern."""

from lifecycle.models.holds import Ground, Hold
from lifecycle.models.phases import NoticeSent, SubscriptionEvent

__all__ = ["Ground", "Hold", "NoticeSent", "SubscriptionEvent"]
