"""The office closes a way out, or opens it again; both are in the event journal."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adapters.models import Switch
from audit.actions import record_event
from audit.actors import Actor
from privacy.refusals import Refusal, require


def why_not_switch_off(subprocessor: str, reason: str) -> Refusal | None:
    """A way that exists, with a reason that the page can show."""
    if subprocessor not in settings.ADAPTERS:
        return Refusal("unknown", _("There is no such service."), "subprocessor")
    if not reason.strip():
        return Refusal("reason", _("Write why: the page shows it to everybody here."), "reason")
    return None


@transaction.atomic
def switch_off(*, subprocessor: str, reason: str, by: Actor, now: datetime) -> None:
    """Nothing goes there any more, from the next call on. Closing what is closed changes nothing. Raises ``Refused``."""
    require(why_not_switch_off(subprocessor, reason))
    switch, new = Switch.objects.get_or_create(
        subprocessor=subprocessor, on_at=None, defaults={"reason": reason.strip(), "off_at": now}
    )
    if new:
        record_event(
            by=by, verb="adapters.switched_off", object_type="adapters.Switch", object_id=switch.pk,
            detail={"service": subprocessor}, now=now,
        )  # fmt: skip


@transaction.atomic
def switch_on(*, subprocessor: str, by: Actor, now: datetime) -> None:
    """The office's switch no longer stands in the way; opening what is open changes nothing."""
    for switch in Switch.objects.select_for_update().filter(subprocessor=subprocessor, on_at=None):
        Switch.objects.filter(pk=switch.pk).update(on_at=max(now, switch.off_at))
        record_event(
            by=by, verb="adapters.switched_on", object_type="adapters.Switch", object_id=switch.pk,
            detail={"service": subprocessor}, now=now,
        )  # fmt: skip
