"""Migration operations of the tenant boundary."""

from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

SCOPE_FUNCTIONS = """
CREATE FUNCTION care_scope_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('praticonnect.scope', true), '') = 'all' $$;
CREATE FUNCTION care_scope() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN coalesce(current_setting('praticonnect.scope', true), '') IN ('', 'all')
          THEN '{}'::uuid[]
          ELSE string_to_array(current_setting('praticonnect.scope', true), ',')::uuid[] END $$;
"""
DROP_SCOPE_FUNCTIONS = "DROP FUNCTION care_scope(); DROP FUNCTION care_scope_all();"


class RowSecurity(Operation):
    """PostgreSQL shows and takes only rows whose ``column`` lies in the transaction's scope.

    ``FORCE`` puts the table's owner under it too. The scope is read once per statement, since a
    sub-select around a stable function becomes an InitPlan.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, column: str = "practice_id") -> None:
        self.table = table
        self.column = column

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Row security is no part of the models' state."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Switch it on, forced, with the one policy of the house."""
        if not router.allow_migrate(schema_editor.connection.alias, app_label):
            return
        table, column = schema_editor.quote_name(self.table), schema_editor.quote_name(self.column)
        inside = f"(SELECT care_scope_all()) OR {column} = ANY ((SELECT care_scope())::uuid[])"
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"CREATE POLICY practice_scope ON {table} USING ({inside}) WITH CHECK ({inside})")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take the policy away again."""
        if not router.allow_migrate(schema_editor.connection.alias, app_label):
            return
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(f"DROP POLICY practice_scope ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How a migration writes it down."""
        return type(self).__name__, [self.table], {"column": self.column}

    def describe(self) -> str:
        """One line for ``migrate``."""
        return f"Row security by practice on {self.table}"
