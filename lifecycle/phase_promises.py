"""The promises of the phases, measured on every account now (PC-30 to PC-33)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from accounts.access import Act
from accounts.closing import why_closed
from accounts.models import PractitionerProfile, User
from audit.actors import Actor
from care.models import Membership
from care.roles import Right
from care.tenancy import ALL, scope
from lifecycle import queries
from lifecycle.actions import subscribe
from lifecycle.allowed import ALLOWED
from lifecycle.models import SubscriptionEvent
from lifecycle.phases import term_end
from lifecycle.states import GRACE, OF_CONTRACT, Event, Name, move
from privacy.clocks import Jurisdiction, legal_day, start_of
from privacy.promises import Measure, promise
from records.access import ACCESS as RECORDS
from records.models import OfPractice

CHECKED = "tests/lifecycle/test_promises.py"
SAMPLE = 20
PRINT = "select md5(string_agg(md5(t::text), '' order by t.id)) from {table} t where practice_id = any(%s)"
LOST = """
select count(*) from audit_evententry made
 where made.verb = 'records.file.created' and made.practice_id = any(%s)
   and not exists (select from records_patientfile f where f.id::text = made.object_id)
   and not exists (select from lifecycle_disposal d where d.file_id::text = made.object_id)
"""
OTHERS: Final = ("patient:", "authority:", "statistics:")
"""The pages of patients and of authorities, which no practitioner's contract closes, nor what an authority orders; and totals about nobody."""


@promise("PC-30", checked_by=CHECKED)
def every_practitioner_began_with_a_trial(now: datetime) -> Measure:
    """Each has one trial, as its first fact; it ends at a midnight of its calendar, and what was entered in it is there."""
    trials = SubscriptionEvent.objects.filter(kind=Event.TRIAL_STARTED)
    without = PractitionerProfile.objects.exclude(user_id__in=trials.values("account_id")).count()
    late = trials.exclude(number=1).count()
    crooked = sum(not _ends_at_midnight(row) for row in trials.iterator(chunk_size=queries.BATCH))
    lost = _lost_files(account for account, phase in queries.phases(now) if phase.name is Name.TRIAL)
    figures = {
        "days_of_a_trial_begun_now": settings.TRIAL_DAYS,
        "trials": trials.count(),
        "practitioners_without_a_trial": without,
        "trials_that_came_later": late,
        "trials_that_end_within_a_day": crooked,
        "files_missing_in_trials": lost,
    }
    return Measure(not without and not late and not crooked and not lost, figures)


@promise("PC-31", checked_by=CHECKED)
def grace_lasts_seven_days_with_everything_open(now: datetime) -> Measure:
    """Each account now in grace has its seven days, and the gate lets care through."""
    found = [(account, phase) for account, phase in queries.phases(now) if phase.name is Name.GRACE]
    wrong = sum(
        phase.since is None or phase.next_change != term_end(phase.since, GRACE, phase.jurisdiction)
        for _account, phase in found
    )
    shut = sum(queries.closed_by_phase(account, Act.CARE, now) is not None for account, _phase in found)
    figures = {"accounts_in_grace": len(found), "days": GRACE.days, "of_another_length": wrong, "closed_in_grace": shut}
    rule_open = Act.CARE in ALLOWED[Name.GRACE] and Act.PRIVACY in ALLOWED[Name.GRACE]
    return Measure(GRACE.days == 7 and rule_open and not wrong and not shut, figures)


@promise("PC-32", checked_by=CHECKED)
def free_listing_closes_care_and_keeps_every_file(now: datetime) -> Measure:
    """What the gate answers each account is what its facts say; accounts in free listing miss no file."""
    names: Counter[str] = Counter()
    disagree, resting = 0, []
    for account, phase in queries.phases(now):
        names[phase.name] += 1
        may = queries.allows(phase, Act.CARE)
        disagree += not may and why_closed(account, Act.CARE, now=now) is None
        disagree += may and queries.closed_by_phase(account, Act.CARE, now) is not None
        if phase.name is Name.FREE_LISTING:
            resting.append(account)
    lost = _lost_files(resting)
    elsewhere = [
        name
        for name, row in RECORDS.items()
        if row.act is not Act.CARE and row.right != Right.ORDER.value and not name.startswith(OTHERS)
    ]
    figures = {
        "accounts_by_phase": dict(sorted(names.items())),
        "accounts_the_gate_answers_otherwise": disagree,
        "pages_of_files_under_another_act": elsewhere,
        "files_missing_in_free_listing": lost,
    }
    return Measure(not disagree and not elsewhere and not lost and Act.CARE not in ALLOWED[Name.FREE_LISTING], figures)


@promise("PC-33", checked_by=CHECKED)
def subscribing_again_changes_no_row(now: datetime) -> Measure:
    """Accounts without a subscription subscribe for real, and all of it is undone: their rows are the same before and after."""
    stuck = [
        name.value
        for name in OF_CONTRACT
        if name not in (Name.NONE, Name.SUBSCRIBED) and not move(name, Event.SUBSCRIBED)
    ]
    idle = [account for account, phase in queries.phases(now) if move(phase.name, Event.SUBSCRIBED)][:SAMPLE]
    changed = sum(not _subscribes_unchanged(account, now) for account in idle)
    again = SubscriptionEvent.objects.filter(kind=Event.SUBSCRIBED).values("account_id").distinct()
    lost = _lost_files(again.values_list("account_id", flat=True))
    figures = {
        "phases_without_a_way_back": stuck,
        "subscriptions_tried": len(idle),
        "subscriptions_that_changed_data": changed,
        "files_missing_after_subscribing": lost,
    }
    return Measure(not stuck and not changed and not lost, figures)


def _ends_at_midnight(row: SubscriptionEvent) -> bool:
    """Whether a trial has an end, at the end of a whole day of its calendar."""
    if row.until is None or row.until <= row.at:
        return False
    calendar = Jurisdiction(row.jurisdiction)
    return start_of(legal_day(row.until, calendar), calendar) == row.until


def _subscribes_unchanged(account_id: UUID, now: datetime) -> bool:
    practices = _practices([account_id])
    with transaction.atomic(), scope(ALL):
        before = _print_of(practices)
        phase = subscribe(user=User.objects.get(pk=account_id), by=Actor.system("promises"), now=now)
        same = phase.name is Name.SUBSCRIBED and _print_of(practices) == before
        transaction.set_rollback(True)
    return same


def _print_of(practices: list[UUID]) -> str:
    """One hash over every row of the practices' files, in whatever table, as the database writes them."""
    total = sha256()
    with connection.cursor() as cursor:
        for table in sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, OfPractice)):
            cursor.execute(PRINT.format(table=table), [practices])
            total.update(str(cursor.fetchone()[0]).encode())
    return total.hexdigest()


def _lost_files(accounts: Iterable[UUID]) -> int:
    """Files that the journal saw made in the practices of these accounts, and that left without a decision."""
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(LOST, [_practices(accounts)])
        return int(cursor.fetchone()[0])


def _practices(accounts: Iterable[UUID]) -> list[UUID]:
    return list(Membership.objects.filter(user_id__in=list(accounts)).values_list("practice_id", flat=True).distinct())
