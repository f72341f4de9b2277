"""Nothing sealed opens without a line in the access journal (PC-70), and nothing opens elsewhere (PC-80)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from audit.models import AccessEntry
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.purposes import Purpose
from tests.vault.rows import Note, note_table, practitioner
from vault import access
from vault.errors import HandleClosed, KeyRefused, KeyUnreadable, NoKey, SealBroken
from vault.handles import Handle
from vault.models import FileKey
from vault.seal import Sealed

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
BY = practitioner()


def new_file(now: datetime, file_id: UUID | None = None) -> Handle:
    return access.new_file(
        file_id=file_id or new_id(), by=BY, practice_id=BY.practice_id, purpose=Purpose.CARE, now=now
    )


def reopen(file_id: UUID, now: datetime, **changes: Any) -> Handle:
    return access.open(
        file_id, by=BY, purpose=Purpose.CARE, part="identity", practice_id=BY.practice_id, now=now, **changes
    )


def lines(**filters: Any) -> list[tuple[str, str, UUID]]:
    return [(e.action, e.part, e.subject_id) for e in AccessEntry.objects.filter(**filters).order_by("pk")]


def test_new_file_and_open_are_journaled_in_order(now: datetime) -> None:
    handle = new_file(now)
    reopen(handle.file_id, now)
    assert lines(subject_id=handle.file_id) == [
        ("create", "file", handle.file_id),
        ("open", "identity", handle.file_id),
    ]


def test_list_costs_one_key_query_one_look_at_restrictions_and_one_journal_statement(
    now: datetime, django_assert_num_queries: Any
) -> None:
    ids = [new_file(now).file_id for _ in range(50)]
    with django_assert_num_queries(1, using="keys"), django_assert_num_queries(2):
        opened = access.open_many(ids, by=BY, purpose=Purpose.CARE, part="name", practice_id=BY.practice_id, now=now)
    assert list(opened) == ids
    assert lines(action="list", subject_id__in=ids) == [("list", "name", file_id) for file_id in ids]


def test_nothing_opens_when_the_journal_takes_no_line(now: datetime) -> None:
    handle = new_file(now)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("revoke insert on audit_accessentry from praticonnect_app")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        reopen(handle.file_id, now)


def test_open_outside_a_transaction_is_refused(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = new_file(now)
    monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    with pytest.raises(transaction.TransactionManagementError, match="inside transaction"):
        reopen(handle.file_id, now)


def test_handle_refuses_after_its_journal_line_was_rolled_back(now: datetime) -> None:
    handle, note = new_file(now), Note(file_id=new_id())
    note.file_id = handle.file_id
    handle.write(note, title="x")
    with pytest.raises(RuntimeError, match="changed my mind"), transaction.atomic():  # noqa: PT012
        opened = reopen(handle.file_id, now)
        assert opened.read(note, "title") == "x"
        raise RuntimeError("changed my mind")
    with pytest.raises(HandleClosed, match="rolled back"):
        opened.read(note, "title")


def test_values_come_back_from_the_database_as_written(now: datetime) -> None:
    with note_table():
        handle = new_file(now)
        note = Note(file_id=handle.file_id)
        handle.write(note, title="", text="Éloïse ‏שלום‏ 😀\x00", data={"a": [1, None, "é"]})
        note.save()
        saved = Note.objects.get(pk=note.pk)
        assert reopen(handle.file_id, now).reveal(saved) == {
            "title": "",
            "text": "Éloïse ‏שלום‏ 😀\x00",
            "data": {"a": [1, None, "é"]},
        }
        assert Note.objects.filter(title__isnull=False).count() == 1


def test_stored_bytes_begin_with_version_and_the_key_of_the_file(now: datetime) -> None:
    handle = new_file(now)
    note = Note(file_id=handle.file_id)
    handle.write(note, title="Rosa")
    stored = bytes(note.title)
    assert (stored[0], UUID(bytes=stored[1:17])) == (1, FileKey.objects.get(file_id=handle.file_id).pk)
    assert b"Rosa" not in stored


def test_short_words_are_stored_equally_long(now: datetime) -> None:
    handle = new_file(now)
    note = Note(file_id=handle.file_id)
    handle.write(note, title="male", text="female")
    assert len(bytes(note.title)) == len(bytes(note.text))


def test_sealed_value_shows_nothing_of_itself(now: datetime) -> None:
    handle = new_file(now)
    note = Note(file_id=handle.file_id)
    handle.write(note, title="Rosa")
    assert (repr(note.title), str(note.title), f"{note.title}") == ("<sealed>", "<sealed>", "<sealed>")


def test_value_moved_to_another_column_does_not_open(now: datetime) -> None:
    handle = new_file(now)
    note = Note(file_id=handle.file_id)
    handle.write(note, title="Rosa")
    note.text = note.title
    with pytest.raises(SealBroken, match="moved"):
        handle.read(note, "text")


def test_value_moved_to_another_row_does_not_open(now: datetime) -> None:
    handle = new_file(now)
    one, other = Note(file_id=handle.file_id), Note(file_id=handle.file_id)
    handle.write(one, title="Rosa")
    other.title = one.title
    with pytest.raises(SealBroken, match="moved"):
        handle.read(other, "title")


def test_value_moved_to_another_file_does_not_open(now: datetime) -> None:
    mine, theirs = new_file(now), new_file(now)
    note = Note(file_id=mine.file_id)
    mine.write(note, title="Rosa")
    note.file_id = theirs.file_id
    with pytest.raises(SealBroken, match="isn't this file's"):
        theirs.read(note, "title")


def test_handle_reads_no_row_of_another_file(now: datetime) -> None:
    mine, theirs = new_file(now), new_file(now)
    note = Note(file_id=mine.file_id)
    mine.write(note, title="Rosa")
    with pytest.raises(SealBroken, match="another file"):
        theirs.read(note, "title")
    with pytest.raises(SealBroken, match="another file"):
        theirs.write(note, title="Marc")


@pytest.mark.parametrize("position", [1, 20, 40, -1])
def test_changed_bit_is_noticed(position: int, now: datetime) -> None:
    handle = new_file(now)
    note = Note(file_id=handle.file_id)
    handle.write(note, title="Rosa")
    stored = bytearray(bytes(note.title))
    stored[position] ^= 1
    note.title = Sealed(bytes(stored))
    with pytest.raises(SealBroken):
        handle.read(note, "title")


@pytest.mark.parametrize("stored", [b"", b"Rosa", b"\x02" + bytes(60)])
def test_bytes_that_are_no_sealed_value_are_named_so(stored: bytes, now: datetime) -> None:
    handle = new_file(now)
    with pytest.raises(SealBroken, match="no sealed value"):
        handle.read(Note(file_id=handle.file_id, title=Sealed(stored)), "title")


def test_plaintext_never_reaches_the_database(now: datetime) -> None:
    with note_table():
        note = Note(file_id=new_id())
        note.title = "Rosa"
        with pytest.raises(TypeError, match="title takes sealed values only"), transaction.atomic():
            note.save()
        with pytest.raises(ValidationError, match="plaintext is never saved"):
            note.full_clean()


def test_sealed_column_cannot_be_compared() -> None:
    with pytest.raises(FieldError, match="Unsupported lookup"):
        Note.objects.filter(title="Rosa")


def test_handle_refuses_a_field_that_is_not_sealed(now: datetime) -> None:
    handle = new_file(now)
    with pytest.raises(TypeError, match="isn't sealed"):
        handle.read(Note(file_id=handle.file_id), "file_id")


def test_text_field_takes_only_text(now: datetime) -> None:
    handle = new_file(now)
    with pytest.raises(TypeError, match="title holds text, not int"):
        handle.write(Note(file_id=handle.file_id), title=3)


def test_none_empties_a_field(now: datetime) -> None:
    handle = new_file(now)
    note = Note(file_id=handle.file_id)
    handle.write(note, title="Rosa", text="t")
    handle.write(note, title=None)
    assert handle.reveal(note) == {"title": None, "text": "t", "data": None}


def test_file_without_key_is_named_erased_and_not_journaled(now: datetime) -> None:
    missing = new_id()
    with pytest.raises(NoKey, match="erased, or never made"):
        reopen(missing, now)
    assert lines(subject_id=missing) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [({"restricted_at": datetime(2026, 1, 1).astimezone()}, "restricted"), ({"ring": "archive"}, "archived")],
)
def test_closed_key_is_refused_with_its_reason(change: dict[str, Any], word: str, now: datetime) -> None:
    handle = new_file(now)
    FileKey.objects.filter(file_id=handle.file_id).update(**change)
    with pytest.raises(KeyRefused, match=word):
        reopen(handle.file_id, now)
    assert lines(subject_id=handle.file_id, action="open") == []


def test_list_opens_the_others_and_says_why_one_stays_closed(now: datetime) -> None:
    good, erased = new_file(now).file_id, new_id()
    opened = access.open_many([good, erased], by=BY, purpose=Purpose.CARE, part="name", practice_id=None, now=now)
    assert (list(opened), list(opened.refused)) == ([good], [erased])
    with pytest.raises(NoKey, match="erased"):
        opened[erased]
    with pytest.raises(NoKey, match="asked for"):
        opened[new_id()]


def test_destroyed_key_opens_nothing_and_keeps_nothing(now: datetime) -> None:
    handle = new_file(now)
    keys = FileKey.objects.filter(file_id=handle.file_id)
    with pytest.raises(DatabaseError, match="vault_destroyed_key_is_empty"), transaction.atomic(using="keys"):
        keys.update(destroyed_at=now)
    keys.update(destroyed_at=now, wrapped=b"")
    with pytest.raises(NoKey):
        reopen(handle.file_id, now)


def test_second_key_for_a_file_is_refused(now: datetime) -> None:
    handle = new_file(now)
    with pytest.raises(ValueError, match="has a key already"):
        new_file(now, handle.file_id)


def test_key_copied_to_another_file_does_not_unwrap(now: datetime) -> None:
    mine, theirs = new_file(now), new_file(now)
    stolen = FileKey.objects.get(file_id=mine.file_id)
    FileKey.objects.filter(file_id=theirs.file_id).update(wrapped=stolen.wrapped)
    with pytest.raises(KeyUnreadable, match="changed or moved"):
        reopen(theirs.file_id, now)


def test_missing_master_key_is_named(now: datetime, settings: Any) -> None:
    handle = new_file(now)
    settings.MASTER_KEYS = [("other", bytes(32))]
    with pytest.raises(KeyUnreadable, match="put it back into PRATICONNECT_MASTER_KEYS"):
        reopen(handle.file_id, now)
