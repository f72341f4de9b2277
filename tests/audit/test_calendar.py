"""Months are made ahead, and an append never fails for want of one."""

from datetime import UTC, date, datetime

import pytest
from django.db import ProgrammingError, connection, models, transaction

from adapters.models import Egress
from audit import months
from audit.calendar import make_months
from audit.operations import AddIndexToMonths, _months
from praticonnect.database import as_owner
from tests.audit.forge import accesses

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
FAR = datetime(2050, 12, 31, 23, 59, tzinfo=UTC)


def partition_of(number: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from audit_accessentry where seq = %s", [number])
        return str(cursor.fetchone()[0])


def test_months_are_made_ahead_for_every_journal_once() -> None:
    made = make_months(FAR, ahead=1)
    assert {"audit_accessentry_2050_12", "audit_securityentry_2051_01", "audit_evententry_2050_12"} <= set(made)
    assert make_months(FAR, ahead=1) == []


def test_entry_without_a_month_goes_into_the_default_partition_and_stays(now: datetime) -> None:
    today = datetime.now(UTC)
    (number,) = accesses(1, now)
    before = partition_of(number)
    assert before in ("audit_accessentry_default", f"audit_accessentry_{today:%Y_%m}")
    make_months(today, ahead=0)
    assert partition_of(number) == before


def test_entry_goes_into_its_month_once_that_is_made(now: datetime) -> None:
    today = datetime.now(UTC)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"drop table if exists audit_accessentry_{today:%Y_%m}")
    make_months(today, ahead=0)
    (number,) = accesses(1, now)
    assert partition_of(number) == f"audit_accessentry_{today:%Y_%m}"


@pytest.mark.parametrize("statement", ["update {} set part = part", "delete from {}", "truncate {}"])
def test_new_month_refuses_changes_like_the_others(statement: str) -> None:
    make_months(FAR, ahead=0)
    with as_owner(), pytest.raises(ProgrammingError, match="evidence only grows"), transaction.atomic():
        connection.cursor().execute(statement.format("audit_accessentry_2050_12"))


def test_month_of_a_table_that_is_no_journal_is_refused() -> None:
    with pytest.raises(ProgrammingError, match="is no journal"), transaction.atomic():
        connection.cursor().execute("select audit_make_month('django_session', '2050-01-01')")


def test_month_without_a_recorded_expiry_is_not_dropped() -> None:
    with pytest.raises(ProgrammingError, match="is not recorded"), transaction.atomic():
        connection.cursor().execute("select audit_drop_month('audit_accessentry', '2020-01-01')")


@pytest.mark.parametrize(
    ("month", "keep", "end"),
    [
        (date(2026, 1, 1), 12, datetime(2027, 2, 1, tzinfo=UTC)),
        (date(2026, 12, 1), 36, datetime(2030, 1, 1, tzinfo=UTC)),
        (date(2024, 2, 1), 0, datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_month_is_kept_full_months_after_its_own_end(month: date, keep: int, end: datetime) -> None:
    assert months.term_ends(month, keep) == end


def test_month_is_that_of_utc_and_the_years_turn() -> None:
    assert months.month_of(datetime.fromisoformat("2027-01-01T00:30:00+01:00")) == date(2026, 12, 1)
    assert list(months.between(date(2026, 12, 1), date(2027, 2, 1))) == [
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]


def test_an_index_is_built_month_by_month_beside_the_writers() -> None:
    """An index of the whole table in one statement keeps every line, and so every packet, waiting while it is built."""
    make_months(FAR, ahead=1)
    operation = AddIndexToMonths("egress", models.Index(fields=["host"], name="egress_try"))
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    first, *others = operation.statements(Egress, editor)
    assert first == 'CREATE INDEX IF NOT EXISTS "egress_try" ON ONLY "adapters_egress" ("host")'
    months_of_it = _months(editor, "adapters_egress", "egress_try")
    assert others == [
        line.format(f'"{month}_egress_try"', month)
        for month in months_of_it
        for line in (
            "DROP INDEX CONCURRENTLY IF EXISTS {0}",
            'CREATE INDEX CONCURRENTLY {0} ON "{1}" ("host")',
            'ALTER INDEX "egress_try" ATTACH PARTITION {0}',
        )
    ]
    assert {"adapters_egress_default", "adapters_egress_2050_12"} <= set(months_of_it)


def test_every_month_has_the_index_of_files_those_to_come_too() -> None:
    make_months(FAR, ahead=1)
    assert _months(connection.schema_editor(collect_sql=True, atomic=False), "adapters_egress", "egress_file") == []
    with connection.cursor() as cursor:
        cursor.execute("select indisvalid from pg_index where indexrelid = 'egress_file'::regclass")
        assert cursor.fetchall() == [(True,)]
