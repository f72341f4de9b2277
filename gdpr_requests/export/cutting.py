"""What an account that is cut had to download (MD-51)."""

from datetime import datetime
from uuid import UUID

from audit.actors import Actor
from gdpr_requests.export.actions import journal
from gdpr_requests.models.exports import UNDER_WAY, Export, ExportState


def end_exports(*, account_id: UUID, by: Actor, now: datetime) -> int:
    """Close every export of the account: its link answers 404 from now on, the sweep destroys the archive. Returns how many.

    One that is being built loses its row, and with it its archive: the builder finds none to finish.
    """
    mine = Export.objects.select_for_update().filter(account_id=account_id)
    rows = [*mine.filter(state__in=UNDER_WAY), *mine.filter(state=ExportState.READY, expires_at__gt=now)]
    for one in rows:
        journal(one, "cut", by=by, now=now)
    mine.filter(state__in=UNDER_WAY).delete()
    mine.filter(state=ExportState.READY, expires_at__gt=now).update(expires_at=now)
    return len(rows)
