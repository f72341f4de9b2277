"""Why a step of the breach register can't be taken: guard, message and test in one."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from lifecycle.breaches.queries import Breach
from lifecycle.models.breaches import Risk
from privacy.refusals import Refusal

LONGEST: Final = 4000


def why_not_open(nature: str, aware_at: datetime, began_at: datetime | None, now: datetime) -> Refusal | None:
    """A breach has a nature, and nobody is aware of it in the future."""
    if not nature.strip():
        return Refusal("no_nature", _("Say what happened, in a sentence or two."))
    if len(nature) > LONGEST:
        return Refusal("too_long", _("This may have 4,000 characters. Shorten it."))
    if aware_at > now:
        return Refusal("aware_in_future", _("The moment you became aware is in the future. Check day and hour."))
    if began_at and began_at > aware_at:
        return Refusal("began_after", _("It began before you became aware of it. Check both moments."))
    return None


def why_not_scope(one: Breach, named: dict[str, str], since: datetime, until: datetime) -> Refusal | None:
    """A scope names an account, a session or an address, and a time that has passed."""
    if refusal := why_not_go_on(one):
        return refusal
    if not any(named.values()):
        return Refusal("no_scope", _("Name an account, a session or an address: one of them at least."))
    if since > until:
        return Refusal("no_window", _("The window ends before it begins. Check both moments."))
    return None


def why_not_decide(one: Breach, risk: str, why: str) -> Refusal | None:
    """A decision has its risk and its reason: the authority may ask for it (Art. 33(5))."""
    if refusal := why_not_go_on(one):
        return refusal
    if risk not in Risk.values:
        return Refusal("no_risk", _("Choose the risk: none, risk, high."))
    if not why.strip():
        return Refusal("no_reason", _("Say why: the register keeps the reason of each decision."))
    if len(why) > LONGEST:
        return Refusal("too_long", _("This may have 4,000 characters. Shorten it."))
    return None


def why_not_tell_authority(one: Breach, reference: str, delay: str, now: datetime) -> Refusal | None:
    """The authority is told once; after 72 hours with the reasons of the delay (Art. 33(1))."""
    if refusal := why_not_go_on(one):
        return refusal
    if one.told_at:
        return Refusal("told", _("The authority was told already; nothing was written."))
    if not reference.strip():
        return Refusal("no_reference", _("Give the number of the authority's receipt."))
    if now > one.deadline and not delay.strip():
        return Refusal("no_delay", _("The 72 hours are over: give the reasons of the delay, as Art. 33(1) asks."))
    return None


def why_not_close(one: Breach, why: str, waiting: int) -> Refusal | None:
    """A breach is closed once its risk is decided and whoever is to be told was told."""
    if refusal := why_not_go_on(one):
        return refusal
    if not one.risk:
        return Refusal("undecided", _("Decide the risk first, with its reason."))
    if one.risk != Risk.NONE and not one.told_at:
        return Refusal("untold", _("Tell the authority first, or decide that there is no risk."))
    if waiting:
        return Refusal("waiting", _("Some people wait for their notice: send the notices again first."))
    if not why.strip():
        return Refusal("no_reason", _("Say what was done, and why it is closed."))
    return None


def why_not_go_on(one: Breach) -> Refusal | None:
    """A closed breach stays as it is."""
    if one.closed_at:
        return Refusal("closed", _("This breach is closed; nothing was written. Enter a new one if there is more."))
    return None
