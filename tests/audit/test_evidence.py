"""Every table that any app registered as evidence is guarded and sealed, not only the house's own."""

import pytest
from django.db import ProgrammingError, connection, transaction

from audit import evidence
from audit.rows import loose_guards
from praticonnect.database import as_owner

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
TABLES = [registered.table for registered in evidence.registered()]


@pytest.mark.parametrize("table", TABLES)
def test_guards_of_registered_evidence_are_always_on(table: str) -> None:
    assert loose_guards(table) == []


@pytest.mark.parametrize("statement", ["update {} set leaf = leaf", "delete from {}", "truncate {} cascade"])
@pytest.mark.parametrize("table", TABLES)
def test_registered_evidence_refuses_changes_to_the_application_and_the_owner(table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"evidence only grows|permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(table))
    with as_owner(), pytest.raises(ProgrammingError, match="evidence only grows"), transaction.atomic():
        connection.cursor().execute(statement.format(table))


FORGE_EXPIRY = """
insert into audit_expiredmonth (at, stream, table_name, month, rows, actor_role, request_id)
select now(), 'forged', %s, date_trunc('month', now())::date, 9, 'system', ''
"""
DROP_MONTH = "select audit_drop_month(%s, date_trunc('month', now())::date)"


@pytest.mark.parametrize("table", [one.table for one in evidence.registered() if one.keep_months is None])
def test_evidence_without_a_term_stays_though_its_expiry_was_forged(table: str) -> None:
    """The application's role may record an expiry (the sweep does): that alone must open no door."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGE_EXPIRY, [table])
        with pytest.raises(ProgrammingError, match="never expires: evidence only grows"), transaction.atomic():
            cursor.execute(DROP_MONTH, [table])


def test_row_without_a_term_stays_though_its_expiry_was_forged() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGE_EXPIRY, ["consents_publishedtext"])
        cursor.execute("select set_config('audit.expiring', 'on', true)")
        with pytest.raises(ProgrammingError, match="evidence only grows"), transaction.atomic():
            cursor.execute("delete from consents_publishedtext")


@pytest.mark.parametrize("registered", evidence.registered(), ids=lambda one: one.table)
def test_only_evidence_with_a_term_may_expire_in_the_database(registered: evidence.Evidence) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_get_triggerdef(oid) from pg_trigger where tgname = 'audit_keep' and tgrelid = %s::regclass",
            [registered.table],
        )
        [(definition,)] = cursor.fetchall()
    assert ("'rows'" in definition) is (registered.keep_months is not None)


def test_evidence_is_registered_once_with_the_same_words() -> None:
    evidence.register("audit_accessentry", "access", 36)
    with pytest.raises(ValueError, match="different words"):
        evidence.register("audit_accessentry", "access", 12)


def test_unknown_table_is_named_with_what_to_do() -> None:
    with pytest.raises(LookupError, match=r"register it with audit\.evidence\.register"):
        evidence.of_table("accounts_user")
