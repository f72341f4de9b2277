"""Who uses the embedded servers, and the keeper: the one process that owns them (PostgreSQL, Valkey, for ./dev run the S3 server).

Every user holds a shared lock on ``users.lock``; the kernel lets go of it even on kill -9. The keeper starts the
servers as its children and tries ten times a second to get the same lock alone: when it does, nobody is left and it
stops them. So several ``./dev`` at once share the same servers, and the last to leave turns off the light.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.console import Problem
from launcher.places import ROOT, make_folder
from launcher.processes import Child
from launcher.servers import OWNER, Instance, Postgres, Valkey
from launcher.storage import Storage

PATIENCE = 60.0
KEEPER_STOP_SECONDS = 20.0
ORPHANED: list[subprocess.Popen[bytes]] = []  # keepers of ours that others still use: we end without them


def urls(instance: Instance) -> dict[str, str]:
    """The addresses of running servers by environment name, and where PostgreSQL's own programs (pg_dump) are."""
    ready = read_ready(instance.folder)
    login = f"postgres://{OWNER}:{instance.password.read_text()}@"
    # Those who began may have wanted no S3 server: then files lie on disk for all who use these servers now.
    objects = Storage(instance).environment(int(ready["storage"])) if instance.storage and "storage" in ready else {}
    return {
        "DATABASE_URL": f"{login}/praticonnect?host={ready['postgres']}",
        "KEYS_DATABASE_URL": f"{login}/praticonnect_keys?host={ready['postgres']}",
        "REDIS_URL": f"unix://{ready['valkey']}?db=0",
        "PRATICONNECT_PG_BIN": ready["programs"],
        **objects,
    }


@contextmanager
def using(instance: Instance) -> Iterator[dict[str, str]]:
    """The servers are up inside the block; afterwards they are as they were. Gives their addresses."""
    make_folder(instance.folder)
    keeper = None
    try:
        with (instance.folder / "users.lock").open("w") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            keeper = wait_until_ready(instance)
            yield urls(instance)
    finally:
        wait_for_keeper(instance)
        if keeper is not None and keeper.poll() is None:
            ORPHANED.append(keeper)


def wait_until_ready(instance: Instance) -> subprocess.Popen[bytes] | None:
    """Return when the servers answer, starting a keeper if there is none; gives the one it started."""
    deadline = time.monotonic() + PATIENCE
    keeper: subprocess.Popen[bytes] | None = None
    while not is_up(instance):
        if keeper is not None and keeper.poll() not in (None, 0):
            raise Problem(f"The embedded servers don't start:\n{(instance.folder / 'keeper.log').read_text().strip()}")
        if time.monotonic() > deadline:
            raise Problem(
                f"The embedded servers don't answer after {PATIENCE:.0f} s; see the logs in {instance.folder}"
            )
        if not is_kept(instance.folder) and (keeper is None or keeper.poll() is not None):
            keeper = start_keeper(instance)
        time.sleep(0.02)
    return keeper


def is_up(instance: Instance) -> bool:
    """True if a living keeper said that its servers are ready."""
    ready = read_ready(instance.folder)
    return bool(ready) and Path(f"/proc/{ready['keeper']}").exists() and is_kept(instance.folder)


def is_kept(folder: Path) -> bool:
    """True while a keeper holds its lock."""
    with (folder / "keeper.lock").open("w") as lock:
        return not try_lock(lock.fileno(), fcntl.LOCK_SH)


def try_lock(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    """Take a lock, alone unless told otherwise, if that is possible at once."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_ready(folder: Path) -> dict[str, str]:
    """What the keeper wrote when its servers answered; empty if it didn't yet."""
    try:
        found: dict[str, str] = json.loads((folder / "ready.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found


def start_keeper(instance: Instance) -> subprocess.Popen[bytes]:
    """Start the keeper in a session of its own: it must outlive us if others use the servers too."""
    flags = [name for name in ("debian", "durable", "storage") if getattr(instance, name)]
    with (instance.folder / "keeper.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "dev"), "keep-servers", str(instance.folder), *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            start_new_session=True,
        )


def wait_for_keeper(instance: Instance) -> None:
    """After our lock is gone: wait for the servers' end, unless somebody else uses them."""
    deadline = time.monotonic() + KEEPER_STOP_SECONDS
    while is_kept(instance.folder) and time.monotonic() < deadline:
        if others_use(instance.folder):
            return
        time.sleep(0.02)


def others_use(folder: Path) -> bool:
    """True if a user other than the keeper holds the lock. The keeper holds it alone, while it stops the servers."""
    with (folder / "users.lock").open("w") as users:
        return not try_lock(users.fileno()) and try_lock(users.fileno(), fcntl.LOCK_SH)


def keep(instance: Instance) -> int:
    """The keeper: start the servers, stay until nobody uses them or one of them ends, stop all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (instance.folder / "keeper.lock").open("w") as lock, (instance.folder / "users.lock").open("w") as users:
        if not became_keeper(lock.fileno()):
            return 0
        ready = instance.folder / "ready.json"
        ready.unlink(missing_ok=True)
        children: list[Child] = []
        try:
            announce(ready, start_all(instance, children))
            while not any(child.ended() for child in children) and not try_lock(users.fileno()):
                time.sleep(0.1)
        except Problem as problem:
            print(problem, flush=True)
            return 1
        finally:
            ready.unlink(missing_ok=True)
            stop_all(children)
    return 0


def became_keeper(descriptor: int) -> bool:
    """Take the keeper's lock; tries for a moment, because others look at it by taking it shared."""
    for _ in range(10):
        if try_lock(descriptor):
            return True
        time.sleep(0.03)
    return False


def start_all(instance: Instance, children: list[Child]) -> dict[str, str]:
    """Start the servers, noting each child as soon as it runs; the places of their sockets. The slowest begins first."""
    storage = Storage(instance) if instance.storage else None
    if storage:
        children.append(storage.start())
    valkey, postgres = Valkey(instance), Postgres(instance)
    children.append(valkey.start())
    children.append(postgres.start())
    return {
        "keeper": str(os.getpid()),
        "postgres": str(postgres.sockets),
        "programs": str(postgres.bin),
        "valkey": str(valkey.socket),
        **({"storage": str(storage.wait(children[0]))} if storage else {}),
    }


def announce(ready: Path, facts: dict[str, str]) -> None:
    """Write the facts in one step, so that nobody reads half of them."""
    fresh = ready.with_suffix(".tmp")
    fresh.write_text(json.dumps(facts))
    fresh.replace(ready)


def stop_all(children: list[Child]) -> None:
    """The fast shutdown of PostgreSQL, a saving one of Valkey; the S3 server has a second for what it is at, as at any kill."""
    for child in reversed(children):
        child.stop(signal.SIGINT if child.name == "postgres" else signal.SIGTERM, 1 if child.name == "storage" else 10)
