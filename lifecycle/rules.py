"""Why a subscription can't begin or end as asked: guard, sentence and test in one."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from lifecycle.phases import Fact, Phase
from lifecycle.states import Event, Name, move
from privacy.refusals import Refusal

_SUBSCRIBED = Refusal("subscribed", _("This account is subscribed already. Nothing was changed."))
_NO_CONTRACT = Refusal("no_contract", _("This account has no contract: only a practitioner's account can subscribe."))
_NOT_SUBSCRIBED = Refusal("not_subscribed", _("This account has no subscription that could end. Nothing was changed."))
_EARLIER = Refusal("earlier", _("Something later is on record for this account. Give a moment after it."))
_LEAVES = Refusal(
    "leaves",
    _("The deletion of this account is requested. Withdraw the request first, then subscribe. Nothing was changed."),
)


def why_not_enter(
    event: Event, phase: Phase, facts: list[Fact], now: datetime, *, leaves: bool = False
) -> Refusal | None:
    """Why ``event`` can't be entered at ``now`` for an account in ``phase``, or None when it can.

    ``leaves``: its deletion is asked for, so that nothing new begins; what is begun can be ended.
    """
    if facts and now < facts[-1].at:  # of two clicks the later one may have come first
        return _SUBSCRIBED if event is facts[-1].event is Event.SUBSCRIBED else _EARLIER
    if leaves and event is Event.SUBSCRIBED:
        return _LEAVES
    if move(phase.name, event) is not None:
        return None
    if event is Event.SUBSCRIBED:
        return _SUBSCRIBED if phase.name is Name.SUBSCRIBED else _NO_CONTRACT
    return _NOT_SUBSCRIBED
