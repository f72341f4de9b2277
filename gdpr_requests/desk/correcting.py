"""PC-61, measured on the live database."""

from datetime import datetime
from statistics import median
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import NoReverseMatch, reverse

from care.tenancy import ALL, scope
from gdpr_requests.desk import informing
from gdpr_requests.models import Outcome, RecipientTold, Rectified, Request
from gdpr_requests.models.rectified import What
from privacy.deadlines import Right
from privacy.promises import Measure, promise
from records.models import ConsultationVersion, Correction, PatientFile

IN_PLACE: Final = ("accounts:profile", "accounts:patient_identity")
"""Where a person corrects what their account says."""
GUARDS: Final = """
select count(*) from pg_trigger where tgenabled = 'A' and tgrelid = 'records_correction'::regclass
   and tgname in ('correction_stands', 'deletion_door')
"""
LOST: Final = """
select count(*) from audit_evententry event
  join records_patientfile file on file.id = event.subject_id and file.leaving_at is null
 where event.verb = 'records.file.corrected'
   and not exists (select from records_correction kept where kept.id::text = event.object_id)
"""
FORGOTTEN: Final = """
select count(*) from records_correction kept where not exists (
  select from audit_evententry event
   where event.object_type = 'records.Correction' and event.object_id = kept.id::text)
"""


@promise("PC-61", checked_by="tests/gdpr_requests/test_corrections.py")
def corrections_are_made_and_old_values_kept(now: datetime) -> Measure:
    """Each granted correction leads to an entry of that file's history or says where it was made; no old value is lost."""
    granted = Request.objects.filter(
        right=Right.RECTIFICATION.value, outcome__in=[Outcome.GRANTED, Outcome.PARTLY], decided_at__isnull=False
    )
    led_to = Rectified.objects.filter(request_id=OuterRef("pk"))
    with scope(ALL):
        broken = {
            "granted_without_a_correction": granted.filter(~Exists(led_to)).count(), "linked_to_another_file": _astray(),
            "old_values_lost": _count(LOST), "corrections_without_an_event": _count(FORGOTTEN), "guards_missing": 2 - _count(GUARDS),
            "recipients_not_told": _untold(), "pages_missing": _missing(),
        }  # fmt: skip
        kept = Correction.objects.count()
    days = [(one.decided_at - one.received_at).days for one in granted if one.decided_at]
    figures = {
        "corrections_granted": len(days), "made_elsewhere": Rectified.objects.filter(what=What.STATED).count(),
        "median_days": median(days) if days else None, "old_values_kept": kept, "recipients_told": RecipientTold.objects.count(),
    }  # fmt: skip
    return Measure(kept=not any(broken.values()), figures=figures | broken)


def _astray() -> int:
    """Links to an entry that isn't of the file that was asked about; a file that left takes its history along."""
    rows = Rectified.objects.filter(what=What.RECORD).values_list("made_id", "request_id")
    links = {made_id: request_id for made_id, request_id in rows if made_id}
    files: dict[UUID, UUID | None] = dict(Request.objects.filter(pk__in=links.values()).values_list("pk", "file_id"))
    asked = [file_id for file_id in files.values() if file_id]
    there = set(PatientFile.objects.filter(pk__in=asked, leaving_at=None).values_list("pk", flat=True))
    made = _files_of(Correction.objects.all(), links) | _files_of(ConsultationVersion.objects.all(), links)
    wanted = {made_id: files.get(request_id) for made_id, request_id in links.items()}
    return sum(file_id is None or (file_id in there and made.get(one) != file_id) for one, file_id in wanted.items())


def _files_of(rows: "QuerySet[Any]", ids: dict[UUID, UUID]) -> dict[UUID, UUID]:
    return dict(rows.filter(pk__in=ids).values_list("pk", "file_id"))


def _untold() -> int:
    """Accounts that could read a file through the portal when a decision changed it, or had read it under an order, and were not told."""
    told = set(RecipientTold.objects.values_list("request_id", "account_id"))
    changed = Request.objects.filter(
        right__in=[one.value for one in informing.TOLD_OF], outcome__in=[Outcome.GRANTED, Outcome.PARTLY],
        file_id__isnull=False, decided_at__isnull=False,
    )  # fmt: skip
    return sum(
        (one.pk, reader) not in told
        for one in changed
        if one.file_id and one.decided_at
        for reader in informing.readers_of(one.file_id, one.account_id, one.decided_at)
    )


def _count(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def _missing() -> list[str]:
    found = []
    for name in IN_PLACE:
        try:
            reverse(name)
        except NoReverseMatch:
            found.append(name)
    return found
