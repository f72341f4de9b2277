"""A table with sealed fields of the tests' own, so that the vault is tested without the apps above it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection, models

from audit.actors import Actor
from praticonnect.database import as_owner
from privacy.ids import new_id
from vault.fields import SealedJSONField, SealedTextField


class Note(models.Model):
    """A row of a patient's file."""

    id = models.UUIDField(primary_key=True, default=new_id)
    file_id = models.UUIDField()
    title = SealedTextField()
    text = SealedTextField()
    data = SealedJSONField()

    class Meta:
        app_label = "vault_rows"

    @property
    def sealed_file_id(self) -> UUID:
        return self.file_id


@contextmanager
def note_table() -> Iterator[None]:
    """The table, for one test's transaction."""
    with as_owner(), connection.schema_editor() as editor:
        editor.create_model(Note)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("grant select, insert, update, delete on vault_rows_note to praticonnect_app")
    yield


def practitioner(**changes: Any) -> Actor:
    return Actor(
        **{"account_id": new_id(), "role": "practitioner", "practice_id": new_id(), "ip": "192.0.2.1", **changes}
    )
