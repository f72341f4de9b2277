"""./dev test and ./dev bench: the same servers for several calls at once, a database of its own for each."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from launcher.console import Problem
from launcher.environment import given_urls, served
from launcher.places import PYTHON, ROOT, make_folder, var

SLOTS = 8  # Valkey has 16 numbered databases
WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")  # the order is that of tests/order.py


def test(arguments: Sequence[str]) -> int:
    """Run pytest with these arguments on two workers; its exit code."""
    with slot() as number, served("test", durable=False, folder=var() / "test" / f"slot{number}") as env:
        env = with_own_redis(with_own_databases(env, f"slot{number}"), number)
        own = [] if chooses_workers(arguments) else list(WORKERS)
        return subprocess.run(
            [str(PYTHON), "-m", "pytest", *own, *arguments], env=env, cwd=ROOT, check=False
        ).returncode


def chooses_workers(arguments: Sequence[str]) -> bool:
    """True if the person says how many workers: -n4, -n 4, --numprocesses, -p no:xdist."""
    return any(word.startswith(("-n", "--numprocesses")) or word == "no:xdist" for word in arguments)


@contextmanager
def slot() -> Iterator[int]:
    """A number that no other test run of this checkout has now. Its databases are reused, so nothing piles up."""
    folder = make_folder(var() / "test")
    for number in range(SLOTS):
        with (folder / f"slot{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise Problem(f"{SLOTS} test runs of this checkout are going on already; wait for one to end.")


def with_own_databases(env: Mapping[str, str], suffix: str) -> dict[str, str]:
    """The environment with databases of its own names."""
    changed = dict(env)
    for name in ("DATABASE_URL", "KEYS_DATABASE_URL"):
        parts = urlsplit(env[name])
        changed[name] = urlunsplit(parts._replace(path=f"{parts.path}_{suffix}"))
    return changed


def with_own_redis(env: Mapping[str, str], number: int) -> dict[str, str]:
    """The environment with a numbered Redis database of its own; a server that was given is used as it is."""
    if given_urls():
        return dict(env)
    return {**env, "REDIS_URL": env["REDIS_URL"].replace("?db=0", f"?db={number}")}


def bench(names: Sequence[str]) -> int:
    """Run the benchmarks of these names, or all, on a fresh database of durable servers of their own."""
    folder = make_folder(var() / "bench")
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem("A benchmark runs already; two at once would measure each other.") from None
        with served("bench-servers", durable=True, folder=folder) as env:
            own = with_own_databases(env, "bench")
            return subprocess.run([str(PYTHON), "-m", "bench", *names], env=own, cwd=ROOT, check=False).returncode
