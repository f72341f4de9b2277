"""Every write about the register of subprocessors, with its journal line in the same transaction."""

from datetime import datetime

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from privacy import subprocessors as law
from privacy.clocks import legal_day
from privacy.refusals import require
from subprocessors import queries
from subprocessors.models import Announcement
from subprocessors.rules import why_not_announce

ANNOUNCING = 0x5BB5
"""The lock under which one announcement is made at a time."""


@transaction.atomic
def announce(*, number: int, by: Actor, now: datetime) -> Announcement:
    """Have practitioners told of a version; the sweep sends. Raises ``privacy.refusals.Refused`` with what to do."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [ANNOUNCING])
    version = next((one for one in law.VERSIONS if one.number == number), None)
    told, today = queries.announced(now), legal_day(now)
    waiting = [one.number for one in told if one.effective_on > today]
    require(why_not_announce(version, announced=[one.number for one in told], waiting=waiting, today=today))
    assert version is not None  # noqa: S101 - the rule refuses an unknown one
    row = Announcement.objects.create(
        number=number, effective_on=version.effective_on, at=now, actor_id=by.account_id, actor_role=by.role
    )
    record_event(
        by=by, verb="subprocessors.change_announced", object_type=row._meta.label, object_id=row.pk,
        detail={"number": number}, now=now,
    )  # fmt: skip
    return row
