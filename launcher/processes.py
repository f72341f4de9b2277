"""Child processes that never outlive us, and the lines of the Procfile."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.console import Problem

PR_SET_PDEATHSIG = 1
MARK = "PRATICONNECT_RUN"
LIBC = ctypes.CDLL(None, use_errno=True)


def dies_with_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """For preexec_fn: the kernel sends this signal to the child when its parent ends, however it ends.

    preexec_fn runs after the change of user, which would clear the setting.
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


@dataclass(frozen=True)
class Child:
    """A running process in a process group of its own, with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> bool:
        """True once the process is gone."""
        return self.process.poll() is not None

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, polite: signal.Signals, seconds: float) -> None:
        """Ask politely, wait so long, then kill what is left of the whole group."""
        if not self.ended():
            self.process.send_signal(polite)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        kill_group(self.process.pid)
        self.process.wait()


def kill_group(group: int) -> None:
    """Kill every process of a group; none left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str],
    cwd: Path,
    on_orphan: signal.Signals = signal.SIGTERM,
    user: int | None = None,
    group: int | None = None,
) -> Child:
    """Start a process whose output goes to its log. With user and group, it runs as that account."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(env),
            cwd=cwd,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            start_new_session=True,
            preexec_fn=dies_with_parent(on_orphan),
        )
    return Child(name, process, log)


def read_procfile(path: Path) -> dict[str, str]:
    """The shell line of each process by its name."""
    lines = (line.strip() for line in path.read_text().splitlines())
    named = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in named}


def end_leftovers(mark: str, seconds: float = 5) -> None:
    """Kill processes that an earlier run of the same checkout left behind, known by a mark in their environment."""
    deadline = time.monotonic() + seconds
    while left := list(marked_processes(mark)):
        if time.monotonic() > deadline:
            raise Problem(f"Processes of an earlier run don't end: {' '.join(map(str, left))}")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def marked_processes(mark: str) -> Iterable[int]:
    """Ids of the processes that were started with this mark, but us."""
    needle = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if needle in variables and int(folder.name) != os.getpid():
            yield int(folder.name)


class Follower:
    """Shows what is new in several logs, each line with the name of its process."""

    def __init__(self, children: Iterable[Child]) -> None:
        self.places = {child.name: (child.log, 0) for child in children}

    def new_lines(self) -> list[str]:
        """Whole lines written since the last call."""
        found: list[str] = []
        for name, (log, offset) in self.places.items():
            with log.open("rb") as file:
                file.seek(offset)
                whole, _, _ = file.read().rpartition(b"\n")
            if whole:
                self.places[name] = (log, offset + len(whole) + 1)
                found += [f"{name:7}| {line}" for line in whole.decode(errors="replace").split("\n")]
        return found
