"""How the duties stand on a day."""

from collections.abc import Mapping
from datetime import date

from django.db.models import Prefetch

from gdpr_requests.duties.rules import Standing, standing_of
from gdpr_requests.models import Duty, DutyDone, DutyKind


def standings(today: date) -> list[Standing]:
    """All duties, overdue ones first, then by due day; ended ones last. Two queries."""
    done = DutyDone.objects.order_by("-done_on")
    duties = Duty.objects.prefetch_related(Prefetch("done", queryset=done))
    found = [standing_of(duty, list(duty.done.all()), today) for duty in duties]
    return sorted(found, key=lambda one: (one.due_on is None, one.due_on or today, one.duty.pk))


def agreements() -> Mapping[str, date]:
    """The day of the newest agreement on file with each subprocessor, by its key (registered with ``subprocessors``)."""
    found = DutyDone.objects.filter(duty__kind=DutyKind.AGREEMENT, proof__isnull=False).order_by("done_on")
    return dict(found.values_list("duty__subprocessor", "done_on"))
