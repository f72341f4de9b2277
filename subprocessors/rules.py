"""Why a version of the register can't be announced: guard, sentence and test in one."""

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext_lazy as _

from privacy.refusals import Refusal
from privacy.subprocessors import RegisterVersion, earliest


def why_not_announce(
    version: RegisterVersion | None, *, announced: Collection[int], waiting: Collection[int], today: date
) -> Refusal | None:
    """``announced``: the versions told so far, ``waiting`` those of them that aren't in force yet."""
    if version is None or version.number == 1:
        return Refusal("unknown", _("There is no such change of the register. Publish it with a release first."))
    if version.number in announced:
        return Refusal("announced", _("This version is announced already. Nothing was changed."))
    if waiting:
        return Refusal(
            "waiting",
            _("Another change is announced and may still be objected to. Announce this one when it is in force."),
        )
    if version.effective_on < earliest(today):
        return Refusal(
            "too_soon",
            _(
                "Fewer than thirty whole days would be left to object. Publish the version with a later day, then announce it."
            ),
        )
    return None
