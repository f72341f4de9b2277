"""What restriction promises, measured on the live databases (PC-63)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import ALL, scope
from consents.patients import MAY_DECIDE
from privacy.promises import Measure, promise
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records.models import PatientFile, Restriction
from records.reading import Part
from records.restriction import keys
from records.restriction.actions import open_for_subject
from records.restriction.queries import IS_RESTRICTED, live
from vault import access
from vault.errors import VaultError

SAMPLE: Final = 50
WHILE: Final = """
with acts as (
  select object_id, min(written_at) filter (where verb = 'records.restriction.in_force') as in_force,
         min(written_at) filter (where verb = 'records.restriction.begun') as begun,
         min(written_at) filter (where verb = 'records.restriction.lifted') as lifted
    from audit_evententry where object_type = 'records.Restriction' group by object_id
), spans as (
  select row.file_id, coalesce(acts.in_force, acts.begun + interval '1 minute', row.since_at) as began,
         coalesce(acts.in_force, acts.begun) + interval '1 minute' as late,
         case when row.lifted_at is not null then coalesce(acts.lifted, row.lifted_at) end as ended
    from records_restriction row left join acts on acts.object_id = row.id::text
)
select count(*) from {journal} entry join spans on spans.file_id = entry.subject_id
 where entry.written_at > spans.began and (spans.ended is null or entry.written_at < spans.ended)
   and (entry.at > spans.began or entry.written_at > spans.late) and {what}
"""
"""Lines about a file written while it was restricted, by the database's own clock: ``at`` is when a request began, and a
slow one writes later, or was let in before the restriction was committed. ``began`` is after that commit; a line of a
request that began earlier counts once it is a minute late: by then the vault had refused it. What a restored database
lost of its journal is replaced by the moments on the row."""
READ: Final = WHILE.format(journal="audit_accessentry", what="entry.action <> 'open_restricted'")
TOUCHED: Final = WHILE.format(
    journal="audit_evententry",
    what="entry.verb like 'records.%%' and entry.verb not like 'records.restriction.%%'",
)
WITHOUT_REASON: Final = """
select count(*) from audit_accessentry entry
 where entry.action = 'open_restricted' and entry.actor_role = 'practitioner' and entry.part <> 'restriction'
   and not exists (select from records_restrictedopening o where o.file_id = entry.subject_id
                    and o.opened_by_id = entry.actor_id and entry.at >= o.opened_at and entry.at < o.until)
   and exists (select from records_patientfile file where file.id = entry.subject_id)
"""
BY_OTHERS: Final = """
select count(*) from audit_accessentry entry
 where entry.action = 'open_restricted' and (entry.actor_role = 'proxy' or entry.actor_role in ('patient', 'guardian')
   and exists (select from care_portallink link where link.patient_id = entry.subject_id
                and link.account_id = entry.actor_id and link.capacity = 'proxy' and link.since_at <= entry.at))
"""
"""Readings in the portal by a person of trust, whatever they called themselves."""
UNTOLD: Final = (
    "select count(*) from records_restriction where lifted_at is not null and (told_at is null or told_at > lifted_at)"
)
GUARDS: Final = (
    ("records_restriction", "restriction_guard"),
    ("records_restrictedopening", "reading_stands"),
    ("lifecycle_disposal", "a_restriction_guard"),
)
STANDING: Final = "select count(*) from pg_trigger where tgrelid = to_regclass(%s) and tgname = %s and tgenabled = 'A'"


@promise("PC-63", checked_by="tests/records/restriction/test_promise.py")
def restricted_files_are_only_stored(now: datetime) -> Measure:
    """The vault refuses each restricted file to all but whose it is; nothing was read, written or freed beside the rules."""
    with scope(ALL):
        shut = list(live().values_list("file_id", flat=True).distinct()[:SAMPLE])
        broken = {
            "restricted_files_that_open": sum(_opens(file_id, now) for file_id in shut),
            "readings_while_restricted": _number(READ),
            "changes_while_restricted": _number(TOUCHED),
            "readings_without_a_reason": _number(WITHOUT_REASON),
            "readings_by_persons_of_trust": _number(BY_OTHERS),
            "patients_kept_from_reading": sum(not _reads(link, file, now) for link, file in _own_links(now)),
            "lifted_before_the_person_was_told": _number(UNTOLD),
            "guards_missing": sum(not _number(STANDING, table, name) for table, name in GUARDS),
        }
        figures = {
            "files_restricted": live().values("file_id").distinct().count(),
            "restrictions_ever": Restriction.objects.count(),
            "keys_that_follow_later": len(keys.astray()),
        }
    return Measure(kept=not any(broken.values()), figures=figures | broken)


def _opens(file_id: UUID, now: datetime) -> bool:
    """Whether the vault would let daily work in; tried, and rolled back with its journal line."""
    by = Actor.system("promises")
    try:
        with transaction.atomic():
            access.open(
                file_id, by=by, purpose=Purpose.CARE, part="trial", practice_id=None, now=now, from_archive=True
            )
            transaction.set_rollback(True)
    except VaultError:
        return False
    return True


def _own_links(now: datetime) -> list[tuple[PortalLink, PatientFile]]:
    """The newest links of patients and guardians to restricted files in daily use, each with its file."""
    files = PatientFile.objects.filter(IS_RESTRICTED, archived_at=None, leaving_at=None).in_bulk()
    links = PortalLink.objects.live(now).filter(capacity__in=MAY_DECIDE, patient_id__in=files).order_by("-since_at")
    return [(link, files[link.patient_id]) for link in links[:SAMPLE]]


def _reads(link: PortalLink, file: PatientFile, now: datetime) -> bool:
    """Whether the patient's own reading succeeds; tried, and rolled back with its journal line."""
    by = Actor(account_id=link.account_id, role="patient", practice_id=link.practice_id, channel="command")
    try:
        with transaction.atomic():
            open_for_subject(file, Part.PORTAL, link=link, by=by, now=now)
            transaction.set_rollback(True)
    except (VaultError, Refused):
        return False
    return True


def _number(sql: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
