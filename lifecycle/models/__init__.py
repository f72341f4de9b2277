"""The rows of the clocks, by concern."""

from lifecycle.models.breaches import BreachEvent, BreachNotice, Risk
from lifecycle.models.changes import PolicyAnnouncement
from lifecycle.models.deletion import DeletionEvent
from lifecycle.models.disposals import Departed, Disposal
from lifecycle.models.erasures import ClosedAccount, Erasure, ErasureCertificate
from lifecycle.models.holds import Ground, Hold
from lifecycle.models.phases import NoticeSent, SubscriptionEvent
from lifecycle.models.rights import ResidueScan, RightsMark, RightsReplay
from lifecycle.models.runs import Forecasted, RunState, SweepRun
from lifecycle.models.schedule import ScheduleVersion, Step

__all__ = [
    "BreachEvent",
    "BreachNotice",
    "ClosedAccount",
    "DeletionEvent",
    "Departed",
    "Disposal",
    "Erasure",
    "ErasureCertificate",
    "Forecasted",
    "Ground",
    "Hold",
    "NoticeSent",
    "PolicyAnnouncement",
    "ResidueScan",
    "RightsMark",
    "RightsReplay",
    "Risk",
    "RunState",
    "ScheduleVersion",
    "Step",
    "SubscriptionEvent",
    "SweepRun",
]
