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


def test_evidence_is_registered_once_with_the_same_words() -> None:
    evidence.register("audit_accessentry", "access", 36)
    with pytest.raises(ValueError, match="different words"):
        evidence.register("audit_accessentry", "access", 12)


def test_unknown_table_is_named_with_what_to_do() -> None:
    with pytest.raises(LookupError, match=r"register it with audit\.evidence\.register"):
        evidence.of_table("accounts_user")
