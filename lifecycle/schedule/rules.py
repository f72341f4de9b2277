"""Why a schedule can't be proposed or approved: guard, message and test in one."""

from django.utils.translation import gettext_lazy as _

from lifecycle.rules import Refusal
from lifecycle.schedule.queries import Version
from privacy.schedule import Rules, changes


def why_not_propose(before: Rules, after: Rules) -> Refusal | None:
    """A proposal changes something."""
    if not changes(before, after):
        return Refusal("unchanged", _("This is what is in force already; nothing was proposed."))
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
