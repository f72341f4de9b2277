"""Why a schedule can't be proposed or approved: guard, message and test in one."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from lifecycle.schedule.queries import Version
from privacy.refusals import Refusal
from privacy.retention import CONTRACT, DEATH, EXCHANGE, MEDICAL, MINOR, RULES
from privacy.schedule import Rules, changes

OF_FILES: Final = frozenset({MEDICAL.id, MINOR.id, DEATH.id, EXCHANGE.id, CONTRACT.id})
"""Rules that end patient files: their ends are stored, and re-dated."""
AT_LEAST: Final = frozenset({"PC-51", "PC-52"})
"""Rules whose ends are computed whenever they are asked for; PostgreSQL lets no row go before the code's own time."""


def why_not_propose(before: Rules, after: Rules) -> Refusal | None:
    """A proposal changes something, and only what the program lets end by the schedule: it never promises more."""
    found = changes(before, after)
    if not found:
        return Refusal("unchanged", _("This is what is in force already; nothing was proposed."))
    if fixed := sorted({change.rule for change in found} - OF_FILES - AT_LEAST):
        words = _("%(rules)s: what is kept under it leaves after a time fixed in the program, not by the schedule.")
        return Refusal("fixed", words % {"rules": ", ".join(fixed)})
    if short := sorted(rule for rule in AT_LEAST if any(c.shortens for c in changes(RULES, {rule: after[rule]}))):
        words = _("%(rules)s, length: the program keeps this longer. Give at least the length of version 1.")
        return Refusal("too_short", words % {"rules": ", ".join(short)})
    return None


def why_not_approve(version: Version | None) -> Refusal | None:
    """A version is approved once, and only on top of the one it was proposed on."""
    if version is None:
        return Refusal("unknown", _("There is no such version; `manage.py retention schedule` lists them."))
    if version.approved:
        return Refusal("approved", _("This version was approved already; nothing was written."))
    if not version.is_open:
        return Refusal("stale", _("Another version came into force since this was proposed. Propose it again."))
    return None
