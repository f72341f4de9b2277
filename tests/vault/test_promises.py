"""Each promise of the vault turns false when its fact is broken by hand."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection, connections, transaction

from audit.models import AccessEntry
from privacy.declare import REGISTRY
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.registry import discover
from tests.vault.rows import Note, note_table, practitioner
from vault import access, promises
from vault.models import FileKey

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
BY = practitioner()


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Any:
    """A stored note with two sealed values, in the only table that has sealed columns."""
    monkeypatch.setattr(promises, "_all_sealed_fields", lambda: iter(promises.sealed_fields(Note)))
    with note_table():
        note = Note(file_id=new_id())
        handle = access.new_file(file_id=note.file_id, by=BY, practice_id=None, purpose=Purpose.CARE, now=now)
        handle.write(note, title="Rosa", text="t")
        note.save()
        yield note


def test_pc_80_counts_every_sealed_value(notes: Note, now: datetime) -> None:
    found = promises.stored_values_are_sealed(now)
    assert (found.kept, found.figures["sealed_columns"], found.figures["sealed_values"]) == (True, 3, 2)


@pytest.mark.parametrize("clear", [b"Rosa", b"\x01 a plaintext that is long enough to look like a sealed one", b""])
def test_pc_80_turns_false_when_a_value_stands_in_clear(clear: bytes, notes: Note, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update vault_rows_note set title = %s", [clear])
    found = promises.stored_values_are_sealed(now)
    assert (found.kept, found.figures["values_in_clear"] + found.figures["values_whose_key_is_unknown"]) == (False, 1)


def test_pc_80_turns_false_when_a_key_is_gone(notes: Note, now: datetime) -> None:
    with connections["keys"].cursor() as cursor:
        cursor.execute("alter table vault_filekey disable trigger key_row_stays")
        cursor.execute("delete from vault_filekey where file_id = %s", [notes.file_id])
    found = promises.stored_values_are_sealed(now)
    assert (found.kept, found.figures["values_whose_key_is_unknown"]) == (False, 2)


def test_pc_80_looks_at_every_declared_sealed_column(now: datetime) -> None:
    """The check finds sealed columns by their type; the declarations name them independently.

    An authenticator's secret is sealed inside a library's JSON column, by accounts' own adapter.
    """
    discover()
    declared = sum(
        field.sealed
        for label, model in REGISTRY.items()
        for field in model.fields.values()
        if label != "mfa.Authenticator"
    )
    assert promises.stored_values_are_sealed(now).figures["sealed_columns"] == declared


STRICT = {
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 63_072_000,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"SECURE_SSL_REDIRECT": False}, False),
        ({"SECURE_HSTS_SECONDS": 3600}, False),
        ({"SESSION_COOKIE_SECURE": False}, False),
        ({"CSRF_COOKIE_SECURE": False}, False),
        ({"SECURE_HSTS_SECONDS": 0, "ALLOWED_HOSTS": ["localhost", "127.0.0.1"]}, True),
    ],
)
def test_pc_80_turns_false_when_transport_is_open(
    changes: dict[str, Any], kept: bool, now: datetime, settings: Any
) -> None:
    for name, value in ({"ALLOWED_HOSTS": ["praticonnect.com"]} | STRICT | changes).items():
        setattr(settings, name, value)
    assert promises.transport_is_encrypted(now).kept is kept


def test_pc_70_trial_adds_two_entries_and_leaves_none(now: datetime) -> None:
    before = (AccessEntry.objects.count(), FileKey.objects.count())
    found = promises.nothing_opens_without_an_entry(now)
    assert (found.kept, found.figures["entries_of_the_trial"]) == (True, 2)
    assert (AccessEntry.objects.count(), FileKey.objects.count()) == before


def test_pc_70_turns_false_when_opening_forgets_the_journal(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "record_accesses", lambda **_: 0)
    found = promises.nothing_opens_without_an_entry(now)
    assert (found.kept, found.figures["entries_of_the_trial"], found.figures["opened_without_journal"]) == (
        False,
        0,
        True,
    )


def _make(note: Note, now: datetime) -> None:
    handle = access.new_file(file_id=note.file_id, by=BY, practice_id=None, purpose=Purpose.CARE, now=now)
    handle.write(note, title="Rosa")
    note.save()


def test_pc_70_turns_false_when_a_file_was_made_without_an_entry(
    notes: Note, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "record_accesses", lambda **_: 0)
    _make(Note(file_id=new_id()), now)
    monkeypatch.undo()
    monkeypatch.setattr(promises, "_all_sealed_fields", lambda: iter(promises.sealed_fields(Note)))
    found = promises.nothing_opens_without_an_entry(now)
    assert (found.kept, found.figures["files_without_an_entry"]) == (False, 1)


def test_pc_70_is_kept_when_the_making_of_a_file_was_rolled_back(notes: Note, now: datetime) -> None:
    with transaction.atomic():
        _make(Note(file_id=new_id()), now)
        transaction.set_rollback(True)
    assert FileKey.objects.count() == 2
    assert promises.nothing_opens_without_an_entry(now).kept is True
