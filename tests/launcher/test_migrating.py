"""Databases at the code's state: once is enough, and a failure says why."""

from pathlib import Path

import pytest

from launcher import migrating
from launcher.console import Problem


def test_migrate_once_migrates_again_only_when_migrations_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[str] = []
    states = iter(["one", "one", "two"])
    monkeypatch.setattr(migrating, "fingerprint", lambda: next(states))
    monkeypatch.setattr(migrating, "migrate", lambda _env: calls.append("migrated"))
    for expected in (1, 1, 2):
        migrating.migrate_once({}, tmp_path)
        assert len(calls) == expected


def test_failed_migration_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[str] = []

    def fail_once(_env: object) -> None:
        calls.append("tried")
        if len(calls) == 1:
            raise Problem("no")

    monkeypatch.setattr(migrating, "migrate", fail_once)
    with pytest.raises(Problem):
        migrating.migrate_once({}, tmp_path)
    migrating.migrate_once({}, tmp_path)
    assert calls == ["tried", "tried"]


def test_fingerprint_sees_every_migration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/base.txt").write_text("django==5.2.19")
    (tmp_path / "app/migrations").mkdir(parents=True)
    monkeypatch.setattr(migrating, "ROOT", tmp_path)
    empty = migrating.fingerprint()
    (tmp_path / "app/migrations/0001_initial.py").write_text("operations = []")
    one = migrating.fingerprint()
    (tmp_path / "requirements/base.txt").write_text("django==5.2.20")
    assert len({empty, one, migrating.fingerprint()}) == 3


def test_failing_command_shows_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("import sys; sys.exit('the table is missing')")
    monkeypatch.setattr(migrating, "ROOT", tmp_path)
    with pytest.raises(Problem, match=r"^manage\.py demo failed:\nthe table is missing$"):
        migrating.manage({}, "demo")
