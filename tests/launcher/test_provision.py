"""What the launcher installs, and what it says when it may not."""

import os
import stat
from pathlib import Path

import pytest

from launcher import keyring, provision
from launcher.console import Problem


def test_read_list_leaves_comments_out(tmp_path: Path) -> None:
    path = tmp_path / "apt.txt"
    path.write_text("# first\ngettext   # why\n\nlibpango-1.0-0\n")
    assert provision.read_list(path) == ["gettext", "libpango-1.0-0"]


def test_apt_packages_grow_with_what_is_asked() -> None:
    run = provision.apt_packages(tests=False, debian_servers=False)
    test = provision.apt_packages(tests=True, debian_servers=True)
    assert [name for name in test if name not in run] == [
        "chromium-headless-shell",
        "libatomic1",
        "postgresql-15",
        "redis-server",
    ]


def test_missing_debian_packages_are_named_for_a_person_who_is_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(Problem) as problem:
        provision.install_debian(["libc6", "no-such-package-of-ours"])
    assert str(problem.value) == (
        "Debian packages are missing; install them once with: "
        "sudo apt-get install --no-install-recommends no-such-package-of-ours"
    )


def test_installed_debian_packages_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    provision.install_debian(["libc6", "bash"])
    assert provision.missing_debian(["libc6", "bash"]) == []


def test_fingerprint_changes_with_any_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("django==5.2.19")
    second.write_text("django==5.2.20")
    assert provision.fingerprint([first]) == provision.fingerprint([first])
    assert provision.fingerprint([first]) != provision.fingerprint([second])


def test_kept_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "praticonnect_secret_key"
    made = iter(["first", "second"])
    assert keyring.kept(path, lambda: next(made)) == "first"
    assert keyring.kept(path, lambda: next(made)) == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["praticonnect_secret_key"]


def test_kept_secret_of_a_faster_process_wins(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def made_meanwhile() -> str:
        path.write_text("theirs\n")
        return "ours"

    assert keyring.kept(path, made_meanwhile) == "theirs"


def test_numbered_keys_have_an_id_and_32_bytes() -> None:
    import base64

    name, _, encoded = keyring.numbered_key().partition(":")
    assert name.startswith("k")
    assert len(base64.b64decode(encoded, validate=True)) == 32


def test_secret_from_the_environment_wins_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in keyring.MAKERS:
        monkeypatch.setenv(name, f"given {name}")
    assert keyring.secret_environment(tmp_path / "keys") == {name: f"given {name}" for name in keyring.MAKERS}
    assert not (tmp_path / "keys").exists()
