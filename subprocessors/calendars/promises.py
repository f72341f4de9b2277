"""PC-96: a link to Google Calendar stands on its person's yes, and what goes there is hours."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from adapters.boxes.models import Outgoing
from adapters.models import Egress
from adapters.states import State
from privacy.declare import Category
from privacy.promises import Measure, promise
from subprocessors.calendars import queries
from subprocessors.calendars.actions import REVOKE
from subprocessors.calendars.models import BusyTime, CalendarLink

REVOKED_WITHIN: Final = timedelta(days=1)
IN_CLEAR: Final = """
select count(*) from subprocessors_calendarlink
 where not (starts_with(refresh_token, 'sealed1.') and starts_with(access_token, 'sealed1.')
            and (channel_token = '' or starts_with(channel_token, 'sealed1.')))
"""


@promise("PC-96", checked_by="tests/subprocessors/test_calendars.py")
def google_has_hours_as_long_as_the_person_agrees(now: datetime) -> Measure:
    """No link without a live consent, no token in clear or left unrevoked, and nothing went there but appointments' hours."""
    lines = Egress.objects.filter(subprocessor="google")
    left = Outgoing.objects.filter(kind=REVOKE, queued_at__lt=now - REVOKED_WITHIN)
    broken = {
        "links_without_a_consent": sum(1 for _link in queries.without_consent(now)),
        "links_with_a_token_in_clear": _in_clear(),
        "tokens_not_revoked_a_day_later": left.filter(state__in=(State.WAITING, State.FAILED)).count(),
        "calls_with_other_data": lines.exclude(categories__in=("", Category.APPOINTMENT.value)).count(),
    }
    figures = {"links": CalendarLink.objects.count(), "busy_times": BusyTime.objects.count(), "calls": lines.count()}
    return Measure(not any(broken.values()), figures | broken)


def _in_clear() -> int:
    with connection.cursor() as cursor:
        cursor.execute(IN_CLEAR)
        return int(cursor.fetchone()[0])
