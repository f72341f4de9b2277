"""Journals, facts, requests and versions at the end of their terms (PC-40, PC-41, PC-43, PC-46, PC-46b, PC-52)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from accounts.models import User
from audit import evidence
from audit.actions import record_event, record_security
from audit.actors import Actor
from audit.calendar import expire_partition, expire_rows, make_months
from audit.models import EventEntry, ExpiredMonth, ExpiredRows, SecurityEntry
from audit.months import later, month_of
from audit.rows import numbers_of
from audit.sealing import seal_all
from audit.verification import verify
from gdpr_requests.desk import closing
from lifecycle import runs
from lifecycle.deletion.rules import Kind
from lifecycle.expiring import facts, months, versions
from lifecycle.expiring.months import JOURNALS, Months
from lifecycle.models import DeletionEvent, Erasure, NoticeSent, SubscriptionEvent
from lifecycle.sweeping import Outcome, run_all, sweeps
from privacy.clocks import start_of
from privacy.declare import REGISTRY
from privacy.forecast import simulate
from privacy.ids import new_id
from tests.audit.forge import RECOMPUTE, force
from tests.lifecycle.helpers import make_trial
from tests.records.factories import make_file

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.database]
BY = Actor.system("sweep")
CLOSED = datetime(2026, 11, 18, 22, 30, tzinfo=UTC)
LAST = start_of(date(2029, 11, 19)) - timedelta(seconds=1)
GONE = start_of(date(2029, 11, 19))
DAY = timedelta(days=1)


def journal(table: str) -> Months:
    return next(one for one in JOURNALS if one.table == table)


def swept(one: Months | facts.Rows, now: datetime, *, dry_run: bool = False) -> Outcome:
    (outcome,) = one(by=BY, now=now, dry_run=dry_run).values()
    return outcome


def test_each_journal_with_a_term_has_its_sweep_under_its_declared_rule() -> None:
    with_term = {one.table for one in evidence.registered() if one.keep_months is not None}
    assert {one.table for one in JOURNALS} == with_term
    for one in JOURNALS:
        declared = {field.retention for field in REGISTRY[one.kind].fields.values() if field.retention}
        assert (apps.get_model(one.kind)._meta.db_table, declared) == (one.table, {one.rule})
    assert {one for one in sweeps if isinstance(one, Months)} == set(JOURNALS)


def test_each_table_whose_rows_leave_has_its_sweep() -> None:
    swept_tables = {one.table for one in sweeps if isinstance(one, facts.Rows)}
    desk = {
        f"gdpr_requests_{name}" for name in ("exchange", "reminder", "rectified", "recipienttold")
    }  # with their request
    others = {"consents_consentevent", versions.TABLE}
    assert {one.table for one in evidence.registered() if one.each} == swept_tables | others | desk
    assert {facts.sweep_proofs, versions.sweep, closing.sweep} <= set(sweeps)


def test_no_two_sweeps_go_by_one_name(now: datetime) -> None:
    names = [name for one in sweeps for name in one(by=BY, now=now, dry_run=True)]
    assert sorted(names) == sorted(set(names))


# Journals


def written(table: str, at: datetime) -> None:
    """The last entry of a journal, as if written then."""
    number = f"(select max(seq) from {table})"
    force(
        table,
        f"update {table} set written_at = '{at.isoformat()}', at = '{at.isoformat()}' where seq = {number}",
        RECOMPUTE.format(table, number),
    )


def test_security_month_leaves_a_year_after_its_end_to_the_second(now: datetime) -> None:
    seal_all(now)
    record_security(by=BY, kind="login.ok", now=now)
    written("audit_securityentry", datetime(2024, 2, 10, tzinfo=UTC))
    ends = datetime(2025, 3, 1, tzinfo=UTC)
    security = journal("audit_securityentry")
    assert swept(security, ends - timedelta(seconds=1)).due == 0
    assert swept(security, ends, dry_run=True) == Outcome(due=1, since=date(2025, 3, 1))
    assert swept(security, ends).done == 1
    assert (swept(security, ends).due, ExpiredMonth.objects.get().month) == (0, date(2024, 2, 1))
    assert verify().findings == []


def test_partitions_without_an_entry_go_too(now: datetime) -> None:
    seal_all(now)
    make_months(datetime(2020, 5, 5, tzinfo=UTC), ahead=0)
    security = journal("audit_securityentry")
    assert swept(security, now) == Outcome(since=date(2021, 6, 1))
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('audit_securityentry_2020_05')")
        assert cursor.fetchone()[0] is None
    assert swept(security, now) == Outcome()


def test_month_that_is_still_written_to_never_leaves_whatever_the_clock_says(now: datetime) -> None:
    record_security(by=BY, kind="login.ok", now=now)
    far = now + timedelta(days=36_500)
    found = swept(journal("audit_securityentry"), far)
    this_month = month_of(datetime.now(UTC))
    assert SecurityEntry.objects.filter(written_at__gte=months.begins(this_month)).exists()
    assert this_month not in set(ExpiredMonth.objects.values_list("month", flat=True))
    assert found.done == found.due


def test_longer_schedule_keeps_a_month_longer(now: datetime) -> None:
    from dataclasses import replace

    from privacy.clocks import Period
    from privacy.schedule import SHIPPED, supposing

    ends = months.ends_at("audit_securityentry", "PC-46", date(2024, 2, 1))
    rule = replace(SHIPPED.rules["PC-46"], length=Period(years=2))
    with supposing(replace(SHIPPED, rules={**SHIPPED.rules, "PC-46": rule})):
        longer = months.ends_at("audit_securityentry", "PC-46", date(2024, 2, 1))
    assert (ends, longer) == (datetime(2025, 3, 1, tzinfo=UTC), start_of(date(2026, 3, 1)))


@pytest.mark.parametrize("alive", ["nothing", "file", "row"])
def test_event_month_leaves_after_twenty_years_unless_something_it_tells_of_lives(alive: str, now: datetime) -> None:
    seal_all(now)
    me = make_trial()
    about = make_file(me).pk if alive == "file" else new_id()
    row = SubscriptionEvent.objects.filter(account_id=me.pk).latest("number")
    kind = "lifecycle.SubscriptionEvent" if alive == "row" else "x"
    record_event(by=BY, verb="records.file.changed", object_type=kind, object_id=row.pk, subject_id=about, now=now)
    written("audit_evententry", datetime(2001, 2, 10, tzinfo=UTC))
    events = journal("audit_evententry")
    assert swept(events, datetime(2021, 2, 28, tzinfo=UTC)) == Outcome()
    outcome = swept(events, datetime(2021, 3, 1, tzinfo=UTC))
    expected = Outcome(due=1, done=1, since=date(2021, 3, 1)) if alive == "nothing" else Outcome(held=1)
    assert outcome == expected
    assert EventEntry.objects.filter(verb="records.file.changed").exists() is (alive != "nothing")
    if alive != "nothing":
        with pytest.raises(ValueError, match="still there"):
            expire_partition(table="audit_evententry", month=date(2001, 2, 1), by=BY, now=now)


# Contracts and requests


def deletion(account_id: UUID, kind: Kind, at: datetime, request: int = 1) -> None:
    number = DeletionEvent.objects.filter(account_id=account_id).count() + 1
    DeletionEvent.objects.create(
        account_id=account_id, number=number, request=request, kind=kind, at=at, actor_role="system", channel="task"
    )


@pytest.fixture
def closed() -> User:
    """An account that was told things, and was closed on 18 November 2026 (late in Paris)."""
    me = make_trial()
    NoticeSent.objects.create(account_id=me.pk, phase_since=CLOSED - DAY, kind="grace", sent_at=CLOSED - DAY)
    deletion(me.pk, Kind.REQUESTED, CLOSED - 30 * DAY)
    deletion(me.pk, Kind.EXECUTED, CLOSED)
    return me


def left(me: User) -> tuple[int, int, int]:
    return (
        SubscriptionEvent.objects.filter(account_id=me.pk).count(),
        NoticeSent.objects.filter(account_id=me.pk).count(),
        DeletionEvent.objects.filter(account_id=me.pk).count(),
    )


def test_contract_and_request_leave_three_years_after_the_closing(closed: User) -> None:
    for one in (facts.FACTS, facts.NOTICES, facts.REQUESTS):
        assert swept(one, LAST) == Outcome()
    assert left(closed) == (1, 1, 2)
    assert swept(facts.FACTS, GONE) == Outcome(due=1, done=1, since=date(2029, 11, 19))
    assert swept(facts.REQUESTS, GONE) == Outcome()
    assert left(closed) == (0, 1, 2)
    assert swept(facts.NOTICES, GONE).done == 1
    assert swept(facts.REQUESTS, GONE) == Outcome(due=2, done=2, since=date(2029, 11, 19))
    assert left(closed) == (0, 0, 0)
    assert verify().findings == []


def test_one_sweep_takes_all_of_it_and_a_second_nothing(closed: User) -> None:
    found = run_all(by=BY, now=GONE, dry_run=False)
    assert [found[rule]["done"] for rule in ("PC-40.facts", "PC-40.notices", "PC-52")] == [1, 1, 2]
    assert left(closed) == (0, 0, 0)
    again = run_all(by=BY, now=GONE, dry_run=False)
    assert [again[rule]["due"] for rule in ("PC-40.facts", "PC-40.notices", "PC-52")] == [0, 0, 0]
    assert list(runs.waiting()) == []


def test_contract_of_a_living_account_stays(now: datetime) -> None:
    me = make_trial()
    assert swept(facts.FACTS, now + timedelta(days=20_000)) == Outcome()
    assert left(me) == (1, 0, 0)


def test_withdrawn_request_leaves_whole_and_a_younger_one_stays() -> None:
    me = make_trial()
    deletion(me.pk, Kind.REQUESTED, CLOSED - 5 * DAY)
    deletion(me.pk, Kind.WITHDRAWN, CLOSED)
    deletion(me.pk, Kind.REQUESTED, CLOSED + DAY, request=3)
    assert swept(facts.REQUESTS, LAST) == Outcome()
    assert swept(facts.REQUESTS, GONE).done == 2
    assert list(DeletionEvent.objects.filter(account_id=me.pk).values_list("number", flat=True)) == [3]


def test_account_that_operations_erased_is_closed_too() -> None:
    """Without any executed request: the decided erasure says when; a request that was open ended with it."""
    me = make_trial()
    deletion(me.pk, Kind.REQUESTED, CLOSED - DAY)
    Erasure.objects.create(
        erasure_id=new_id(), state="decided", kind="account", subject_id=me.pk, at=CLOSED, plan_sha256="0" * 64,
        actor_role="operations",
    )  # fmt: skip
    assert facts.closings(GONE) == {me.pk: CLOSED}
    assert [swept(one, LAST).due for one in (facts.FACTS, facts.REQUESTS)] == [0, 0]
    assert [swept(one, GONE).done for one in (facts.FACTS, facts.REQUESTS)] == [1, 1]
    assert left(me) == (0, 0, 0)


def test_forecast_counts_what_the_sweeps_take(closed: User) -> None:
    def counts(until: date) -> dict[str, int]:
        lines = simulate(until, CLOSED).leaves
        return {line.kind: line.count for line in lines if line.kind.startswith("lifecycle.")}

    assert counts(date(2029, 11, 18)) == {}
    assert counts(date(2029, 11, 19)) == {"lifecycle.SubscriptionEvent": 1, "lifecycle.NoticeSent": 1}


# Versions of destroyed files


def version(file_id: UUID) -> int:
    """A signed version of some file, put there by the owner of the table."""
    row = new_id()
    with connection.cursor() as cursor:
        cursor.execute("select set_config('praticonnect.scope', 'all', true)")
        cursor.execute(
            "insert into records_consultationversion (id, practice_id, file_id, consultation_id, number, author_id,"
            " signed_at, started_at, kind) values (%s, %s, %s, %s, 1, %s, %s, %s, 'visit')",
            [row, new_id(), file_id, new_id(), new_id(), CLOSED, CLOSED],
        )
    return numbers_of(versions.TABLE, "id", [row])[0]


def disposed(file_id: UUID) -> None:
    from lifecycle.models import Disposal

    Disposal.objects.create(
        file_id=file_id, practice_id=new_id(), rule="PC-41,LAW-01", until=date(2026, 1, 1), reason="term", counts={},
        decided_at=CLOSED, actor_role="system",
    )  # fmt: skip


def test_versions_leave_with_their_destroyed_file_only() -> None:
    lives = make_file(make_trial()).pk
    gone, decided_only = new_id(), lives
    version(gone), version(decided_only)
    disposed(gone)
    assert versions.sweep(by=BY, now=CLOSED + DAY, dry_run=True) == {versions.RULE: Outcome(due=1)}
    disposed(decided_only)
    assert versions.sweep(by=BY, now=CLOSED + DAY, dry_run=False) == {versions.RULE: Outcome(due=1, done=1)}
    assert versions.sweep(by=BY, now=CLOSED + DAY, dry_run=False) == {versions.RULE: Outcome()}
    assert [(row.rule, row.rows) for row in ExpiredRows.objects.all()] == [("PC-41,LAW-01", 1)]
    assert verify().findings == []


def test_version_of_a_file_nobody_decided_on_is_refused_by_the_database() -> None:
    number = version(new_id())
    with pytest.raises(ProgrammingError, match="not at the end of their term"), transaction.atomic():
        expire_rows(table=versions.TABLE, numbers=[number], rule="PC-41", by=BY, now=CLOSED + DAY)


def test_months_are_those_with_rows_or_partitions() -> None:
    make_months(datetime(2033, 1, 1, tzinfo=UTC), ahead=1)
    stored = months._stored("audit_securityentry")
    assert {date(2033, 1, 1), later(date(2033, 1, 1), 1)} <= set(stored)
