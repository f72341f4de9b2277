"""The embedded servers for real: shared, stopped by the last user, back after kill -9."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

from launcher import servers, services
from launcher.places import ROOT, var
from launcher.servers import Instance


@pytest.fixture
def instance() -> Iterator[Instance]:
    folder = var() / "launcher-tests" / uuid.uuid4().hex[:8]
    made = Instance(folder, debian=os.environ.get("PRATICONNECT_PG") == "debian", durable=False)
    yield made
    assert eventually(lambda: not services.is_kept(folder)), "the servers are still there after the test"
    remove(made)


def remove(instance: Instance) -> None:
    """The data too: they lie elsewhere in a checkout that the database's user can't enter."""
    shutil.rmtree(servers.Postgres(instance).home)
    shutil.rmtree(instance.folder)


def eventually(true: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def keeper_of(instance: Instance) -> int:
    return int(services.read_ready(instance.folder)["keeper"])


def postmaster_of(instance: Instance) -> int:
    return int((servers.Postgres(instance).data / "postmaster.pid").read_text().split()[0])


def test_programs_of_the_server_come_with_its_address(instance: Instance) -> None:
    """manage.py dump_database needs a pg_dump of the server's own version."""
    with services.using(instance) as urls, psycopg.connect(urls["DATABASE_URL"]) as connection:
        served = connection.info.server_version // 10000
        found = subprocess.run([f"{urls['PRATICONNECT_PG_BIN']}/pg_dump", "--version"], capture_output=True, text=True)
    assert found.stdout.split()[2].split(".")[0] == str(served)


def test_servers_answer_with_a_password_only(instance: Instance) -> None:
    with services.using(instance) as urls:
        with psycopg.connect(urls["DATABASE_URL"]) as connection:
            assert connection.execute("select current_database(), current_user").fetchone() == (
                "praticonnect",
                servers.OWNER,
            )
        with psycopg.connect(urls["KEYS_DATABASE_URL"]) as connection:
            assert connection.execute("show server_encoding").fetchone() == ("UTF8",)
        client = redis.Redis.from_url(urls["REDIS_URL"])
        assert client.ping() is True
        client.close()
        password = instance.password.read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(urls["DATABASE_URL"].replace(password, "wrong"))


def test_servers_stay_for_the_second_user_and_end_with_the_last(instance: Instance) -> None:
    with services.using(instance) as first:
        keeper = keeper_of(instance)
        with services.using(instance) as second:
            assert second == first
        assert keeper_of(instance) == keeper
        with psycopg.connect(first["DATABASE_URL"]) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    assert not services.is_kept(instance.folder)
    assert services.read_ready(instance.folder) == {}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first["DATABASE_URL"])


def test_servers_end_when_their_user_fails(instance: Instance) -> None:
    with pytest.raises(KeyboardInterrupt), services.using(instance):
        raise KeyboardInterrupt
    assert not services.is_kept(instance.folder)


def test_servers_end_when_their_user_is_killed(instance: Instance) -> None:
    script = (
        "import sys, time; from pathlib import Path; from launcher.servers import Instance; from launcher.services import using\n"
        f"with using(Instance(Path({str(instance.folder)!r}), debian={instance.debian}, durable=False)): print('up', flush=True); time.sleep(60)"
    )
    user = subprocess.Popen(
        [shutil.which("python3") or "python3", "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "up\n"
    postmaster = postmaster_of(instance)
    user.kill()
    user.wait()
    user.stdout.close()
    assert eventually(lambda: not services.is_kept(instance.folder))
    assert not Path(f"/proc/{postmaster}").exists()


@pytest.mark.parametrize("victim", [keeper_of, postmaster_of])
def test_rows_are_there_again_after_kill_9(instance: Instance, victim: Callable[[Instance], int]) -> None:
    instance = replace(instance, durable=True)
    with services.using(instance) as urls:
        with psycopg.connect(urls["DATABASE_URL"]) as connection:
            connection.execute("create table kept (word text)")
            connection.execute("insert into kept values ('still here')")
        os.kill(victim(instance), signal.SIGKILL)
        assert eventually(lambda: not services.is_kept(instance.folder))
    with services.using(instance) as urls, psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("select word from kept").fetchall() == [("still here",)]


def test_half_made_cluster_of_a_killed_run_is_made_anew(instance: Instance) -> None:
    half = servers.Postgres(instance).home / "data.tmp"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with services.using(instance) as urls, psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("select count(*) from pg_database where not datistemplate").fetchone() == (3,)
    assert not half.exists()


def test_lock_of_another_user_is_seen(instance: Instance) -> None:
    instance.folder.mkdir(parents=True)
    assert services.others_use(instance.folder) is False
    with (instance.folder / "users.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert services.others_use(instance.folder) is True
        fcntl.flock(other, fcntl.LOCK_EX)
        assert services.others_use(instance.folder) is False


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("/srv/praticonnect/var/dev/postgres/run/.s.PGSQL.5432", True),
        ("/srv/" + "x" * 100, False),
        ("/srv/my project/run/.s.PGSQL.5432", False),
        ("/srv/cabinet-médical/run/.s.PGSQL.5432", False),
        ("/srv/a,b/run/.s.PGSQL.5432", False),
    ],
)
def test_socket_paths_that_an_address_cannot_hold_are_moved(path: str, fits: bool) -> None:
    assert servers.fits_socket(Path(path)) is fits
