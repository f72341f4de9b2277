"""The master key rotates without touching what is sealed, and ``keys status`` counts truly."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import SecurityEntry
from privacy.ids import new_id
from privacy.purposes import Purpose
from tests.vault.rows import Note, practitioner
from vault import access, actions, index
from vault.models import FileKey
from vault.system import open_system, seal_system

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
BY = practitioner()
NEW = ("k2", bytes(range(32)))


def new_note(now: datetime) -> Note:
    note = Note(file_id=new_id())
    handle = access.new_file(file_id=note.file_id, by=BY, practice_id=None, purpose=Purpose.CARE, now=now)
    handle.write(note, title="Rosa")
    return note


def title(note: Note, now: datetime) -> Any:
    handle = access.open(note.file_id, by=BY, purpose=Purpose.CARE, part="p", practice_id=None, now=now)
    return handle.read(note, "title")


def run(verb: str, capsys: pytest.CaptureFixture[str]) -> Any:
    call_command("keys", verb, "--json")
    return json.loads(capsys.readouterr().out)


def test_rotation_wraps_every_key_anew_and_everything_still_opens(
    now: datetime, settings: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    notes, secret, practice = [new_note(now) for _ in range(5)], seal_system("factors", "d", b"seed"), new_id()
    tokens = index.tokens(practice, "name", "Rosa")
    settings.MASTER_KEYS = [NEW, *settings.MASTER_KEYS]
    assert run("status", capsys)["waiting"] >= 7
    assert run("rotate", capsys)["rewrapped"]["vault.FileKey"] >= 5
    settings.MASTER_KEYS = [NEW]
    assert [title(note, now) for note in notes] == ["Rosa"] * 5
    assert (open_system("factors", "d", secret), index.tokens(practice, "name", "Rosa")) == (b"seed", tokens)
    again = run("status", capsys)
    assert (again["waiting"], again["missing"], set(again["tables"]["vault.FileKey"])) == (0, [], {"k2"})


def test_rotation_is_journaled_once_and_repeats_to_nothing(
    now: datetime, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    new_note(now)
    settings.MASTER_KEYS = [NEW, *settings.MASTER_KEYS]
    run("rotate", capsys)
    assert set(run("rotate", capsys)["rewrapped"].values()) == {0}
    entry = SecurityEntry.objects.get(kind="keys.rotated")
    assert (entry.actor_role, entry.detail["master_id"]) == ("operations", "k2")


def test_rotation_passes_destroyed_keys_over(now: datetime, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    note = new_note(now)
    FileKey.objects.filter(file_id=note.file_id).update(destroyed_at=now, wrapped=b"")
    settings.MASTER_KEYS = [NEW, *settings.MASTER_KEYS]
    run("rotate", capsys)
    key = FileKey.objects.get(file_id=note.file_id)
    assert (bytes(key.wrapped), run("status", capsys)["files"]["destroyed"]) == (b"", 1)


def test_missing_master_key_is_named_and_exits_1(
    now: datetime, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    new_note(now)
    old = settings.MASTER_KEYS[0][0]
    settings.MASTER_KEYS = [NEW]
    with pytest.raises(SystemExit) as left:
        call_command("keys", "status")
    assert left.value.code == 1
    assert f"missing from PRATICONNECT_MASTER_KEYS: {old}" in capsys.readouterr().err
    with pytest.raises(CommandError, match=f"master key {old} is missing"):
        call_command("keys", "rotate")


def test_status_for_people_counts_files(now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    before = run("status", capsys)["files"]["active"]
    new_note(now)
    call_command("keys", "status")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["active", str(before + 1)] in lines
