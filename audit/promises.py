"""Live checks of what the journals promise: NEW-02, PC-70, MD-44, MD-45, MD-57."""

from datetime import datetime

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Count

from audit.actors import NAMELESS_ROLES
from audit.evidence import journaled, registered
from audit.models import AccessEntry, EventEntry, SecurityEntry
from audit.months import begins, later, month_of
from audit.rows import loose_guards
from audit.sealing import every_row
from audit.supervision import ATTEMPTS
from audit.verification import verify
from privacy.promises import Measure, promise

LOGIN = "login.ok"

UNRECORDED = """
select greatest(0,
  (select count(*) from {table} as row where {since} and not exists (
     select from audit_evententry as event where event.object_type = %s and event.object_id = row.{key}::text))
  - (select coalesce(sum((detail ->> %s)::int), 0) from audit_evententry where detail ? %s))
"""
WITH_EVENTS = """row.written_at >= coalesce((select max(month) + interval '1 month' from audit_expiredmonth
  where table_name = 'audit_evententry') at time zone 'UTC', '-infinity')"""
IMPUTABLE = """
select count(*) from pg_constraint where convalidated and coninhcount = 0
   and conname in ('audit_accessentry_imputable', 'audit_securityentry_imputable', 'audit_evententry_imputable')
"""
SHARED = "select count(*) from (select lower({email}) from {table} group by 1 having count(*) > 1) as shared"


@promise("NEW-02", checked_by="tests/audit/test_promises.py")
def sealed_evidence_is_untouched(now: datetime) -> Measure:
    """All seals, sealed entries and guards are as they were made."""
    report = verify()
    return Measure(
        not report.findings,
        {
            "tables": len(registered()),
            "seals": report.seals,
            "entries_checked": report.entries,
            "entries_waiting": report.waiting,
            "expired_months": report.expired_months,
            "expired_entries": report.expired_rows,
            "findings": len(report.findings),
        },
    )


@promise("PC-70", checked_by="tests/audit/test_promises.py")
def access_journal_only_grows(now: datetime) -> Measure:
    """The access journal's guards stand on every month, and each entry says who, what, why and when."""
    loose = loose_guards(AccessEntry._meta.db_table)
    entries = AccessEntry.objects.count()
    mute = AccessEntry.objects.filter(part="").count() + AccessEntry.objects.filter(purpose="").count()
    return Measure(not loose and not mute, {"entries": entries, "entries_without_reason": mute, "guards_off": loose})


@promise("MD-44", checked_by="tests/audit/test_promises.py")
def changes_and_connections_are_recorded(now: datetime) -> Measure:
    """Each consultation, file and document has its entry, each signed-in account its connection."""
    with transaction.atomic(), every_row():
        unrecorded = {label: _unrecorded(label, counted) for label, counted in journaled().items()}
    silent = _accounts_without_login(now)
    tables = [model._meta.db_table for model in (AccessEntry, EventEntry, SecurityEntry)]
    loose = [guard for table in tables for guard in loose_guards(table)]
    return Measure(
        not any(unrecorded.values()) and not silent and not loose,
        {
            "events": EventEntry.objects.count(),
            "connections": SecurityEntry.objects.filter(kind=LOGIN).count(),
            "objects_without_an_event": sum(unrecorded.values()),
            "kinds_of_objects": len(unrecorded),
            "accounts_without_a_recorded_login": silent,
            "guards_off": loose,
        },
    )


@promise("MD-45", checked_by="tests/office/test_supervision.py")
def attempts_to_connect_can_be_supervised(now: datetime) -> Measure:
    """Each attempt over the web names its public address, each successful one its account; both can be read and taken."""
    attempts = SecurityEntry.objects.filter(kind__in=ATTEMPTS)
    placeless = attempts.filter(channel="web", ip=None).count()
    nameless = attempts.filter(outcome="ok", account_id=None).count()
    by_outcome = dict(attempts.order_by("outcome").values_list("outcome").annotate(number=Count("pk")))
    return Measure(
        not placeless and not nameless,
        {
            "successful": by_outcome.get("ok", 0),
            "refused": by_outcome.get("refused", 0),
            "attempts_without_address": placeless,
            "successes_without_account": nameless,
            "extractions": EventEntry.objects.filter(verb="audit.extracted").count(),
        },
    )


@promise("MD-57", checked_by="tests/audit/test_promises.py")
def changes_name_their_author(now: datetime) -> Measure:
    """No entry of a person's role lacks the account, the database refuses one, and no two accounts share an address."""
    nameless = sum(
        model._default_manager.filter(actor_id=None).exclude(actor_role__in=NAMELESS_ROLES).count()
        for model in (AccessEntry, EventEntry, SecurityEntry)
    )
    user = get_user_model()._meta
    shared = _number(SHARED.format(table=_quoted(user.db_table), email=_quoted("email")))
    refusing = _number(IMPUTABLE)
    people = EventEntry.objects.exclude(actor_id=None).values("actor_id").distinct().count()
    return Measure(
        not nameless and not shared and refusing == 3,
        {
            "people_named_in_events": people,
            "entries_without_a_person": nameless,
            "shared_identifiers": shared,
            "journals_that_refuse_nameless_entries": refusing,
        },
    )


def _unrecorded(label: str, counted_as: str) -> int:
    """How many rows of the table the event journal neither names nor counts.

    Evidence that stays longer than the events is looked at from the first month on whose events are there.
    """
    meta = apps.get_model(label)._meta
    sealed = meta.db_table in {one.table for one in registered()}
    sql = UNRECORDED.format(
        table=_quoted(meta.db_table), key=_quoted(str(meta.pk.column)), since=WITH_EVENTS if sealed else "true"
    )
    return _number(sql, label, counted_as, counted_as)


def _accounts_without_login(now: datetime) -> int:
    """Accounts that signed in since the security journal's oldest kept month, without an entry of it."""
    since = begins(later(month_of(now), -11))
    known = SecurityEntry.objects.filter(kind=LOGIN).exclude(account_id=None).values("account_id")
    return get_user_model()._default_manager.filter(last_login__gte=since).exclude(pk__in=known).count()


def _number(sql: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        found: int = cursor.fetchone()[0]
    return found


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
