"""Migration operations of what is sealed at rest."""

from collections.abc import Mapping
from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from vault.rest import PREFIX, open_value, seal_value

BATCH = 1_000
_WAITING = "select {key}, {column} from {table} where {column} <> '' and starts_with({column}, %s) = %s limit {batch}"
_WRITE = "update {table} set {column} = %s where {key} = %s"

# Rows written twice wait for their foreign keys' check at commit, and a table with such rows can't be altered.
_CHECK_NOW = "set constraints all immediate; set constraints all deferred"


class SealColumns(Operation):
    """Seal what stands in clear in columns that are text by now, in batches; backwards, open it again.

    ``columns``: name to whether its values are compared, as the model's fields say. A second run finds nothing to do.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(self, table: str, columns: Mapping[str, bool], key: str = "id") -> None:
        self.table, self.columns, self.key = table, dict(columns), key

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models' state changes with their fields, not with the rows."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Seal all rows."""
        self._turn(app_label, schema_editor, to_sealed=True)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Open all rows."""
        self._turn(app_label, schema_editor, to_sealed=False)

    def describe(self) -> str:
        """For the list of migrations."""
        return f"Seal {', '.join(self.columns)} of {self.table} at rest"

    def _turn(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *, to_sealed: bool) -> None:
        if not router.allow_migrate(schema_editor.connection.alias, app_label):
            return
        with schema_editor.connection.cursor() as cursor:
            for column, compared in self.columns.items():
                while self._batch(cursor, column, compared, to_sealed):
                    pass
            cursor.execute(_CHECK_NOW)

    def _batch(self, cursor: Any, column: str, compared: bool, to_sealed: bool) -> int:
        """Turn up to a thousand values of one column. Returns how many."""
        names = {"table": f'"{self.table}"', "column": f'"{column}"', "key": f'"{self.key}"', "batch": BATCH}
        turn, place = (seal_value if to_sealed else open_value), f"{self.table}|{column}"
        cursor.execute(_WAITING.format(**names), [PREFIX, not to_sealed])
        rows = cursor.fetchall()
        cursor.executemany(
            _WRITE.format(**names), [(turn(place, text, compared=compared), row_id) for row_id, text in rows]
        )
        return len(rows)
