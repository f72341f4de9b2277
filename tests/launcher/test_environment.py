"""The environment that processes get, and which servers they are pointed to."""

from pathlib import Path

import pytest

from launcher import environment, testing
from launcher.console import Problem

URLS = {
    "DATABASE_URL": "postgres://owner:pw@/praticonnect?host=/run/pg",
    "KEYS_DATABASE_URL": "postgres://owner:pw@/praticonnect_keys?host=/run/pg",
    "REDIS_URL": "unix:///run/valkey.sock?db=0",
}


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*URLS, "PRATICONNECT_PG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_servers")
def test_given_urls_are_none_without_variables() -> None:
    assert environment.given_urls() == {}


@pytest.mark.usefixtures("no_servers")
def test_given_urls_are_all_three(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, url in URLS.items():
        monkeypatch.setenv(name, url)
    assert environment.given_urls() == URLS


@pytest.mark.usefixtures("no_servers")
def test_given_urls_refuse_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URLS["DATABASE_URL"])
    with pytest.raises(Problem) as problem:
        environment.given_urls()
    assert str(problem.value) == (
        "DATABASE_URL is set, but not KEYS_DATABASE_URL and REDIS_URL: set all three, or none for embedded servers."
    )


@pytest.mark.usefixtures("no_servers")
def test_debian_servers_refuses_another_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATICONNECT_PG", "debain")
    with pytest.raises(Problem, match=r"^PRATICONNECT_PG is 'debain': write debian, or leave it out\.$"):
        environment.debian_servers()


@pytest.mark.usefixtures("no_servers")
def test_instances_of_debian_binaries_have_their_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRATICONNECT_VAR", str(tmp_path))
    wheel = environment.instance("dev", durable=True)
    monkeypatch.setenv("PRATICONNECT_PG", "debian")
    debian = environment.instance("dev", durable=True)
    assert (wheel.folder, wheel.debian) == (tmp_path / "dev", False)
    assert (debian.folder, debian.debian) == (tmp_path / "dev-debian", True)


def test_base_environment_drops_what_could_mislead(tmp_path: Path) -> None:
    shell = {
        "PATH": "/usr/bin",
        "HOME": "/home/someone",
        "PGPORT": "6543",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": "/elsewhere",
        "PYTHONOPTIMIZE": "2",
        "DJANGO_SETTINGS_MODULE": "other.settings",
    }
    env = environment.base_environment(shell, tmp_path)
    assert sorted(set(shell) & set(env)) == ["HOME", "PATH"]
    assert env["PATH"].endswith("/.venv/bin:/usr/bin")
    assert env["PRATICONNECT_VAR"] == str(tmp_path)
    assert (tmp_path / "uploads").is_dir()


def test_own_databases_keep_everything_but_the_name() -> None:
    env = testing.with_own_databases(URLS, "slot3")
    assert env["DATABASE_URL"] == "postgres://owner:pw@/praticonnect_slot3?host=/run/pg"
    assert env["KEYS_DATABASE_URL"] == "postgres://owner:pw@/praticonnect_keys_slot3?host=/run/pg"
    assert env["REDIS_URL"] == URLS["REDIS_URL"]


@pytest.mark.usefixtures("no_servers")
def test_own_redis_has_a_number_on_embedded_servers() -> None:
    assert testing.with_own_redis(URLS, 3)["REDIS_URL"] == "unix:///run/valkey.sock?db=3"


@pytest.mark.usefixtures("no_servers")
def test_own_redis_leaves_a_given_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, url in URLS.items():
        monkeypatch.setenv(name, url)
    assert testing.with_own_redis(URLS, 3)["REDIS_URL"] == URLS["REDIS_URL"]


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ([], False),
        (["tests/vault", "-q"], False),
        (["-n0"], True),
        (["-n", "4"], True),
        (["--numprocesses=3"], True),
        (["-p", "no:xdist"], True),
    ],
)
def test_chooses_workers_sees_every_spelling(arguments: list[str], chosen: bool) -> None:
    assert testing.chooses_workers(arguments) is chosen


def test_slots_of_runs_at_once_differ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRATICONNECT_VAR", str(tmp_path))
    with testing.slot() as first, testing.slot() as second:
        assert (first, second) == (0, 1)
    with testing.slot() as again:
        assert again == 0


def test_slots_end_with_a_clear_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRATICONNECT_VAR", str(tmp_path))
    monkeypatch.setattr(testing, "SLOTS", 1)
    with (
        testing.slot(),
        pytest.raises(Problem, match=r"^1 test runs of this checkout are going on already; wait for one to end\.$"),
        testing.slot(),
    ):
        pytest.fail("a second slot was given out")
