"""PC-60, PC-64, and the parts of PC-15 and PC-70 that leave with an export, measured on every row and object now."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Q

from accounts.models import User
from audit.models import EventEntry
from gdpr_requests.export.actions import FOLDER
from gdpr_requests.export.granting import RIGHTS, scope_of
from gdpr_requests.export.queries import VALID_FOR, over
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.tables import account_tables, unreached
from gdpr_requests.models import Outcome, Request
from gdpr_requests.models.exports import UNDER_WAY, Export, ExportState
from privacy.deadlines import Right
from privacy.promises import Measure, promise
from privacy.retention import RULES
from records.actions.documents import stored_names
from vault.models import FileKey

TESTS: Final = "tests/gdpr_requests/test_export_promises.py"
PATIENCE: Final = timedelta(hours=3)
"""How late the hourly sweep may be before a promise counts as broken."""
LONGEST: Final = timedelta(days=1)
"""How long a person may wait for an archive."""


@promise("PC-60", checked_by=TESTS)
def all_that_is_held_is_shown_with_its_reason(now: datetime) -> Measure:
    """No personal field is missing from the export, and each says why, on what basis and until when it is held."""
    missing = unreached()
    fields = [
        field for table in account_tables(Scope.ACCESS) for field in table.fields.values() if field.personal
    ]  # fmt: skip
    silent = sum(not (field.purpose and field.basis and field.retention in RULES) for field in fields)
    figures = {
        "fields_about_accounts": len(fields),
        "fields_in_no_export": len(missing),
        "fields_without_a_reason": silent,
    }
    return Measure(bool(fields) and not missing and not silent, figures)


@promise("PC-60", checked_by=TESTS)
@promise("PC-64", checked_by=TESTS)
def who_asked_has_it_within_a_day(now: datetime) -> Measure:
    """No export waits longer than a day, and none failed without a new one."""
    counts = Export.objects.aggregate(
        asked=Count("pk"),
        ready=Count("pk", filter=Q(state=ExportState.READY)),
        stalled=Count("pk", filter=Q(state__in=UNDER_WAY, asked_at__lt=now - LONGEST)),
        failed=Count("pk", filter=Q(state=ExportState.FAILED)),
    )
    figures = {f"exports_{name}": number for name, number in counts.items()}
    return Measure(not counts["stalled"] and not counts["failed"], figures)


@promise("PC-60", checked_by="tests/gdpr_requests/test_patient_export.py")
@promise("PC-64", checked_by="tests/gdpr_requests/test_patient_export.py")
def granted_copies_are_made(now: datetime) -> Measure:
    """Each granted request for access or portability began an export, and each of a file goes to the account that asked."""
    granted = Request.objects.filter(right__in=[right.value for right in RIGHTS], outcome=Outcome.GRANTED)
    owed = [row for row in granted if row.file_id or _has_a_page(row)]
    asked = EventEntry.objects.filter(verb="gdpr.export.asked", detail__has_key="request")
    begun = set(asked.values_list("detail__request", flat=True))
    silent = [row.number for row in owed if row.number not in begun]
    files = list(Export.objects.filter(scope=Scope.FILE))
    requests = Request.objects.in_bulk([row.request_id for row in files if row.request_id])
    astray = sum(not _answers(row, requests.get(row.request_id)) for row in files if row.request_id)
    figures = {"copies_granted": len(owed), "granted_and_not_begun": silent, "archives_of_others": astray}
    return Measure(not silent and not astray, figures | {"archives_of_files": len(files)})


def _has_a_page(row: Request) -> bool:
    """Whether a request about an account came from one that can fetch its copy."""
    user = User.objects.filter(pk=row.account_id, is_active=True).first() if row.account_id else None
    return user is not None and row.practice_id is None and scope_of(user, Right(row.right)) is not None


def _answers(row: Export, request: Request | None) -> bool:
    """Whether the archive is of the very file that was asked about, for the very account."""
    return request is not None and (row.file_id, row.account_id) == (request.file_id, request.account_id)


@promise("PC-64", checked_by=TESTS)
def archives_are_sealed_and_gone_after_seven_days(now: datetime) -> Measure:
    """Nothing that expired is still there, no object is without its row, and each archive has a living key of its own."""
    stored = {UUID(hex=name.rsplit("/", 1)[-1]) for name in stored_names(FOLDER)}
    rows = set(Export.objects.values_list("pk", flat=True))
    ready = set(Export.objects.filter(state=ExportState.READY).values_list("pk", flat=True))
    keyed = set(FileKey.objects.filter(file_id__in=ready, destroyed_at=None).values_list("file_id", flat=True))
    wrong_end = Export.objects.filter(pk__in=ready).exclude(expires_at=F("ready_at") + VALID_FOR).count()
    figures = {
        "archives_ready": len(ready),
        "archives_expired_undeleted": over(now - PATIENCE).count(),
        "archives_with_another_end_than_seven_days": wrong_end,
        "archives_without_a_row": len(stored - rows),
        "rows_without_an_archive": len(ready - stored),
        "archives_without_a_key": len(ready - keyed),
    }
    return Measure(not any(value for name, value in figures.items() if name != "archives_ready"), figures)
