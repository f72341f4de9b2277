"""What an erasure does with each declared table: one answer, read off its declaration or given here.

The plan lists these answers and the execution carries out the same ones, so that neither can know a table that the
other doesn't. A personal table without an answer stops ``manage.py check`` (PC-04, PC-62).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

from accounts.models import User
from lifecycle.erasure import rows
from privacy.declare import Erase, ModelDeclaration, Subject
from privacy.registry import declared_tables
from records.models import PatientFile

NOWHERE: Final = "closed.invalid"
"""A domain that can't exist (RFC 2606): no mail ever goes there."""

Rows = QuerySet[Any]
RowsOf = Callable[[UUID], Rows]


class Outcome(StrEnum):
    """What becomes of rows."""

    ERASED = "erased"
    BLANKED = "blanked"
    ARCHIVED = "archived"
    KEPT = "kept"


DESTRUCTIVE: Final = frozenset({Outcome.ERASED, Outcome.BLANKED})


class Unanswered(LookupError):
    """A table holds personal data and no erasure says what becomes of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of the rows of ``table``, and how those of an account or of files are found.

    ``rows`` is None for a table that follows patients' files through ``file_column``. ``blank`` names the columns that
    are emptied and with what.
    """

    table: ModelDeclaration
    outcome: Outcome
    rule: str
    rows: RowsOf | None = None
    file_column: str = ""
    blank: tuple[tuple[str, Any], ...] = ()

    @property
    def model(self) -> type[Model]:
        """The table's model."""
        return apps.get_model(self.table.label)

    def of_account(self, user_id: UUID) -> Rows:
        """The rows that are about the account."""
        if self.rows is None:
            raise TypeError(f"{self.table.label} follows the patients' files, not the account")
        return self.rows(user_id)

    def living(self, rows: Rows) -> Rows:
        """Those of ``rows`` that still say or open something; a dead key and a nameless account stay as rows."""
        empty = EMPTY.get(self.table.label)
        return rows.exclude(empty(rows)) if empty else rows

    def of_files(self, file_ids: list[UUID]) -> Rows:
        """The rows that belong to the files."""
        return self.model._default_manager.filter(**{f"{self.file_column}__in": file_ids})


def personal_tables() -> list[ModelDeclaration]:
    """The installed tables that hold anything about a person."""
    return [table for table in declared_tables() if any(field.personal for field in table.fields.values())]


def answers() -> list[Answer]:
    """The answers of all personal tables. Raises :class:`Unanswered` when one has none."""
    return [answer for table in personal_tables() for answer in answers_of(table)]


def answers_of(table: ModelDeclaration) -> list[Answer]:
    """The answers for one table, mostly one. Raises :class:`Unanswered`."""
    found = list(_given(table)) or [one for one in (_read_off(table),) if one]
    if not found:
        raise Unanswered(
            f"{table.label} holds personal data, and nothing says what an erasure does with it: give it a foreign key "
            "to its account or file, or an answer in lifecycle/erasure/answers.py"
        )
    return found


def _given(table: ModelDeclaration) -> Iterator[Answer]:
    for outcome, rule, found, blank in GIVEN.get(table.label, ()):
        yield Answer(table, outcome, rule or _rule(table), found, blank=blank)
    if table.label in FOLLOWING:
        yield Answer(table, Outcome.KEPT, _rule(table), file_column=FOLLOWING[table.label])


def _read_off(table: ModelDeclaration) -> Answer | None:
    """The answer that the shape of a table gives: it follows a file, belongs to an account, or outlives it by declaration."""
    fields = {field.name: field for field in apps.get_model(table.label)._meta.local_concrete_fields}
    if table.subject is Subject.PATIENT:
        column = next((name for name, field in fields.items() if _to(field) is PatientFile), None)
        column = column or ("file_id" if "file_id" in fields else None)
        return Answer(table, Outcome.KEPT, _rule(table), file_column=column) if column else None
    for name, field in fields.items():
        if _to(field) is User and table.fields[name].erase is Erase.DELETE:
            return Answer(table, Outcome.ERASED, "PC-50", _matching(table.label, name))
    personal = {name: field for name, field in table.fields.items() if field.personal}
    outlives = all(field.erase in (Erase.PSEUDONYMISED, Erase.EXPIRES) for field in personal.values())
    ids = [name for name in personal if name in NAMING or _to(fields[name]) is User]
    return Answer(table, Outcome.KEPT, _rule(table), _matching(table.label, *ids)) if outlives and ids else None


NAMING: Final = ("account_id", "subject_id", "actor_id")
"""Columns that hold an account's random id without a foreign key, in rows that outlive it."""


def _matching(label: str, *columns: str) -> RowsOf:
    def rows_of(user_id: UUID) -> Rows:
        any_of = reduce(or_, (Q(**{column: user_id}) for column in columns))
        found: Rows = apps.get_model(label)._default_manager.filter(any_of)
        return found

    return rows_of


def _to(field: "Field[Any, Any]") -> type[Model] | None:
    return field.related_model if isinstance(field, ForeignKey) else None


def _rule(table: ModelDeclaration) -> str:
    """The retention rule most of the table's personal fields declare."""
    rules = [field.retention for field in table.fields.values() if field.personal and field.retention]
    return max(dict.fromkeys(rules), key=rules.count)


Given = tuple[Outcome, str, RowsOf, tuple[tuple[str, Any], ...]]

GIVEN: Final[dict[str, tuple[Given, ...]]] = {
    "accounts.User": ((Outcome.BLANKED, "PC-50", rows.account, ()),),
    "accounts.LoginThrottle": ((Outcome.ERASED, "PC-50", rows.throttles, ()),),
    "accounts.PatientProfile": ((Outcome.ERASED, "PC-50", rows.patient_profile, ()),),
    "care.PortalLink": ((Outcome.ERASED, "PC-50", rows.portal_links, ()),),
    "adapters.Outgoing": ((Outcome.ERASED, "PC-50", rows.outgoing, ()),),
    "adapters.Incoming": ((Outcome.ERASED, "PC-50", rows.incoming, ()),),
    "account.EmailConfirmation": ((Outcome.ERASED, "PC-50", rows.confirmations, ()),),
    "sessions.Session": ((Outcome.ERASED, "PC-50", rows.sessions, ()),),
    "admin.LogEntry": (
        (Outcome.BLANKED, "PC-50", rows.office_lines_about, (("object_repr", ""),)),
        (Outcome.KEPT, "", rows.office_lines_by, ()),
    ),
    "care.Practice": ((Outcome.BLANKED, "PC-50", rows.named_practices, (("name", ""),)),),
    "care.Membership": (
        (Outcome.BLANKED, "PC-50", rows.named_memberships, (("name", ""),)),
        (Outcome.KEPT, "", rows.memberships, ()),
    ),
    "records.ImportRun": ((Outcome.BLANKED, "PC-50", rows.imports, (("file_names", None),)),),
    "records.ImportLine": (
        (Outcome.BLANKED, "PC-50", rows.import_lines, (("source", None), ("path", None), ("message", None))),
    ),
    "records.AuthorityOrder": ((Outcome.KEPT, "", rows.orders, ()),),
    "lifecycle.Disposal": ((Outcome.KEPT, "", rows.disposals, ()),),
    "lifecycle.ClosedAccount": ((Outcome.ARCHIVED, "", rows.closed_account, ()),),
    "consents.EventOrigin": ((Outcome.KEPT, "", rows.origins, ()),),
    "adapters.Egress": ((Outcome.KEPT, "", rows.egress, ()),),
    "adapters.EgressOutcome": ((Outcome.KEPT, "", rows.egress_outcomes, ()),),
    "audit.AccessEntry": ((Outcome.KEPT, "", rows.accesses, ()),),
    "audit.SecurityEntry": ((Outcome.KEPT, "", rows.security_lines, ()),),
    "audit.EventEntry": ((Outcome.KEPT, "", rows.events, ()),),
}  # fmt: skip
"""The tables whose shape doesn't say it: outcome, rule (empty: the declared one), rows, columns to empty."""


def answer_for(label: str, outcome: Outcome, rows_of: RowsOf, rule: str = "") -> None:
    """The answer for a table of an app above, said in its AppConfig.ready. ``rows_of``: its rows about an account."""
    GIVEN[label] = ((outcome, rule, rows_of, ()),)


FOLLOWING: Final = {
    "records.PatientFile": "id",
    "vault.FileKey": "file_id",
    "care.CareRelationship": "patient_id",
    "care.PortalLink": "patient_id",
    "care.Invitation": "patient_id",
    "adapters.Outgoing": "file_id",
}
"""Tables that follow a patient's file by a column that isn't a foreign key to it."""


def nameless_address(account_id: UUID) -> str:
    """The address of a closed account: its own number, at a place that can't exist."""
    return f"closed-{account_id}@{NOWHERE}"


def nameless(accounts: Rows) -> Q:
    """Accounts that are closed and bear their own nameless address; addresses are sealed, so they are named one by one."""
    addresses = [nameless_address(account_id) for account_id in accounts.values_list("pk", flat=True)]
    return Q(is_active=False, email__in=addresses)


def _are(empty: Q) -> Callable[[Rows], Q]:
    return lambda _rows: empty


EMPTY: Final[dict[str, Callable[[Rows], Q]]] = {
    "vault.FileKey": _are(Q(destroyed_at__isnull=False)),
    # Sealed evidence: nothing opens it once the file's key is dead.
    "records.ConsultationVersion": _are(Q(pk__isnull=False)),
    "accounts.User": nameless,
    "admin.LogEntry": _are(Q(object_repr="")),
}
"""How a row that stays looks when nothing is left in it, for the rows at hand."""
