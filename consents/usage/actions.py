"""Writing a use down under a live grant, and erasing all of somebody's when they take it back (PC-19)."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from consents.actions import LOCK_CLASS, lock_of
from consents.grants import Grant
from consents.usage.features import Device, Feature
from consents.usage.ledger import KEY, YES, outlived_a_no
from consents.usage.models import UsageEvent

# One trip. The lock lets uses stand side by side and makes each wait for a decision that is being written; the second
# statement takes its own snapshot, so that it sees that decision: none is stored after a withdrawal, whatever runs at once.
STORE: Final = """
select pg_advisory_xact_lock_shared(%s, %s);
insert into consents_usageevent (id, user_id, feature, device, hour)
select %s, %s, %s, %s, %s where (
  select action = any(%s) from consents_consentevent where subject_id = %s and key = %s order by number desc limit 1)
"""


def record_use(*, grant: Grant, feature: Feature, device: Device, now: datetime) -> bool:
    """Store one use by whom the grant is of; False if they took it back in this moment. One trip to the database.

    No journal line: it would say more, and for longer, than the use itself. Raises ValueError for a grant of another key.
    """
    if grant.key != KEY:
        raise ValueError(f"{grant!r} doesn't allow counting the use of the product")
    person, hour = grant.subject_id, now.replace(minute=0, second=0, microsecond=0)
    row = (uuid4(), person, feature.value, device.value, hour)
    with connection.cursor() as cursor:
        cursor.execute(STORE, [LOCK_CLASS, lock_of(person), *row, YES, person, KEY])
        cursor.nextset()
        return bool(cursor.rowcount)


@transaction.atomic
def forget_uses(*, subject_id: UUID, child: str = "", on: bool, by: Actor, now: datetime) -> None:
    """Erase what was stored of somebody, in the transaction of their no. A yes erases nothing."""
    gone = 0 if on else UsageEvent.objects.filter(user_id=subject_id).delete()[0]
    if gone:
        _note(subject_id, gone, by, now)


@transaction.atomic
def forget_again(*, by: Actor, now: datetime) -> int:
    """Erase what a restored backup brought back though its person has taken it back since (NEW-08); how many rows."""
    people = list(outlived_a_no().values_list("user_id", flat=True).distinct())
    counts = {person: outlived_a_no().filter(user_id=person).delete()[0] for person in people}
    for person, gone in counts.items():
        _note(person, gone, by, now)
    return sum(counts.values())


def _note(subject_id: UUID, gone: int, by: Actor, now: datetime) -> None:
    record_event(
        by=by,
        verb="consents.usage.erased",
        object_type="consents.UsageEvent",
        object_id=subject_id,
        subject_id=subject_id,
        practice_id=by.practice_id,
        detail={"rows": gone},
        now=now,
    )
