"""PC-70 for patients, measured on the live database."""

from datetime import datetime
from typing import Final

from accounts.access import Act, Audience
from audit.models import AccessEntry
from care.models import Capacity, PortalLink
from care.tenancy import ALL, scope
from gdpr_requests.access import ACCESS
from gdpr_requests.models import Request
from privacy.deadlines import Right
from privacy.promises import Measure, promise

PAGES: Final = ("patient_privacy:journal", "patient_privacy:question")


@promise("PC-70", checked_by="tests/gdpr_requests/test_patient_privacy.py")
def patients_read_and_question_their_journal(now: datetime) -> Measure:
    """The pages are open in every phase; each questioned line was one of the asker's own, and went to whoever answers.

    A line that has left at its own end (PC-70 keeps three years) can't be compared any more, and counts as gone.
    """
    asked = Request.objects.filter(right=Right.QUESTIONED_ACCESS.value, entry_number__isnull=False)
    rows = list(asked.only("entry_number", "account_id", "file_id", "practice_id"))
    entries = AccessEntry.objects.in_bulk([row.entry_number for row in rows])
    astray = [row.number for row in rows if not _is_right(row, entries.get(row.entry_number or 0))]
    shut = [
        name for name in PAGES if ACCESS[name].audience is not Audience.PATIENT or ACCESS[name].act is not Act.PRIVACY
    ]
    with scope(ALL):
        readers = PortalLink.objects.live(now).exclude(capacity=Capacity.PROXY).values("account_id").distinct().count()
    figures = {
        "patients_who_can_read": readers, "accesses_questioned": len(rows), "lines_gone": len(rows) - len(entries),
        "asked_of_somebody_else": astray, "pages_shut": shut,
    }  # fmt: skip
    return Measure(kept=not (astray or shut), figures=figures)


def _is_right(row: Request, entry: AccessEntry | None) -> bool:
    """Whether the line was about the asker's file or account, and its own practice (or the house) was asked."""
    if entry is None:
        return True
    about = row.file_id or row.account_id
    return entry.subject_id == about and (row.file_id is None or entry.practice_id in (None, row.practice_id))
