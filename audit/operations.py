"""Migration operations that make a table evidence.

    migrations.CreateModel("ConsentEvent", ...),
    AppendOnly("consents_consentevent"),

in a migration that depends on ``("audit", "0001_initial")``. The functions they use are made there.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import models, router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class _TableOperation(Operation):
    """An operation on a table's guards, unseen by Django's model state."""

    reduces_to_sql = True

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models don't see it."""

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How a migration writes it down."""
        return type(self).__name__, [self.table], {}

    def describe(self) -> str:
        """One line for ``sqlmigrate``."""
        return f"{type(self).__name__} {self.table}"

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Run in the database the app's tables live in."""
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            self.apply(schema_editor)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Only while the table is empty: evidence isn't migrated away."""
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            _refuse_rows(schema_editor, self.table, "undone")
            self.undo(schema_editor)

    def apply(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Change the table."""
        raise NotImplementedError

    def undo(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Nothing: the table is dropped by the operation that made it."""


class AppendOnly(_TableOperation):
    """Number and hash each new row; refuse UPDATE, DELETE and TRUNCATE to everyone, the owner too.

    Adds the columns ``seq``, ``written_at`` and ``leaf`` where the model doesn't declare them; they
    are the database's own and Django never writes them. With ``expires`` a whole month may leave after its
    expiry was recorded; a table without it (registered without ``keep_months``) never lets a row go.
    """

    def __init__(self, table: str, expires: bool = False) -> None:
        super().__init__(table)
        self.expires = expires

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How a migration writes it down."""
        return type(self).__name__, [self.table], {"expires": True} if self.expires else {}

    def apply(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Add columns, number sequence and triggers. Raises RuntimeError if the table has rows."""
        _refuse_rows(schema_editor, self.table, "applied")
        schema_editor.execute("select audit_guard(%s, %s)", [self.table, self.expires])

    def undo(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Take the guards off the empty table."""
        schema_editor.execute("select audit_unguard(%s)", [self.table])


class RowsLeave(_TableOperation):
    """Let rows of an append-only table leave one by one, under ``rule``, after ``months`` of the column ``clock``.

    Only what :func:`audit.calendar.expire_rows` recorded leaves. An empty rule takes any; ``only`` is one more
    condition in SQL, on ``gone``: the row. Say the same to :func:`audit.evidence.register`. The table may have rows.
    """

    def __init__(self, table: str, rule: str, months: int, clock: str = "at", only: str = "true") -> None:
        super().__init__(table)
        self.terms = (rule, months, clock, only)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How a migration writes it down."""
        return type(self).__name__, [self.table, *self.terms], {}

    def apply(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Give the guard its terms."""
        rule, months, clock, only = self.terms
        schema_editor.execute(
            "select audit_let_go(%s, 'each', %s, %s, %s, %s)", [self.table, rule, str(months), clock, only]
        )

    def undo(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Nothing may leave again."""
        schema_editor.execute("select audit_let_go(%s, 'never')", [self.table])


class MonthsLeave(_TableOperation):
    """Let whole months of a partitioned journal leave that was made without a term. The table may have rows."""

    def apply(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Give the guard its terms."""
        schema_editor.execute("select audit_let_go(%s, 'rows')", [self.table])

    def undo(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Nothing may leave again."""
        schema_editor.execute("select audit_let_go(%s, 'never')", [self.table])


class MonthlyPartitions(_TableOperation):
    """Turn the still empty table into one partitioned by month of ``written_at``, with a default partition.

    Put it between ``CreateModel`` (the model inherits :class:`audit.models.Entry`) and ``AppendOnly``.
    """

    def apply(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Replace the table by a partitioned one. Raises RuntimeError if it has rows."""
        _refuse_rows(schema_editor, self.table, "applied")
        schema_editor.execute("select audit_partition(%s)", [self.table])


MONTHS_WITHOUT: Final = """
select part.relname from pg_inherits as below join pg_class as part on part.oid = below.inhrelid
 where below.inhparent = %s::regclass
   and not exists (select from pg_inherits as child join pg_index as its on its.indexrelid = child.inhrelid
                    where child.inhparent = to_regclass(%s) and its.indrelid = part.oid)
 order by part.relname
"""


class AddIndexToMonths(NotInTransactionMixin, AddIndex):
    """Index a table of months that is being written: each month concurrently, then all of them under one name.

    In a migration with ``atomic = False``; run again, it goes on where it was cut off. Months that come later have it by themselves.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Build it. Raises NotSupportedError inside of a transaction."""
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for statement in self.statements(model, schema_editor):
                schema_editor.execute(statement, params=None)

    def statements(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Iterator[str]:
        """One after the other; none locks writers out for longer than it takes to write down that there is an index."""
        name, table = self.index.name, model._meta.db_table
        quote = schema_editor.quote_name
        whole, place = str(self.index.create_sql(model, schema_editor)), f"{quote(name)} ON {quote(table)}"
        yield whole.replace(place, f"IF NOT EXISTS {quote(name)} ON ONLY {quote(table)}")
        for month in _months(schema_editor, table, name):
            its = quote(f"{month}_{name}")
            yield f"DROP INDEX CONCURRENTLY IF EXISTS {its}"
            yield whole.replace(place, f"CONCURRENTLY {its} ON {quote(month)}")
            yield f"ALTER INDEX {quote(name)} ATTACH PARTITION {its}"


def _months(schema_editor: BaseDatabaseSchemaEditor, table: str, name: str) -> list[str]:
    """The partitions of a table that aren't part of its index ``name`` yet."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(MONTHS_WITHOUT, [table, name])
        return [month for (month,) in cursor.fetchall()]


def _refuse_rows(schema_editor: BaseDatabaseSchemaEditor, table: str, word: str) -> None:
    if schema_editor.collect_sql:
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"select exists (select from {schema_editor.quote_name(table)})")  # noqa: S608 - a quoted name
        row: Any = cursor.fetchone()
    if row[0]:
        raise RuntimeError(
            f"{table} has rows: evidence is made append-only (or back) while empty, so this can't be {word}"
        )
