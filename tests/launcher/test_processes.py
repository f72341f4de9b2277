"""Child processes: they end with us, even against their will, and leftovers are found."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher import processes, running
from launcher.console import Problem

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = """
import os, signal, subprocess, sys, time
from launcher.processes import dies_with_parent
child = subprocess.Popen(["sleep", "60"], preexec_fn=dies_with_parent(signal.SIGTERM))
print(child.pid, flush=True)
time.sleep(60)
"""


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    """True as soon as the condition is, false if it isn't in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def started(tmp_path: Path, command: list[str], **env: str) -> processes.Child:
    return processes.start("child", command, tmp_path / "child.log", env={**os.environ, **env}, cwd=tmp_path)


def gone(pid: int) -> bool:
    """True if the process ended; one whose parent hasn't looked yet (Z) has ended too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_procfile_names_four_processes() -> None:
    lines = processes.read_procfile(ROOT / "Procfile")
    assert {name: line.split()[0] for name, line in lines.items()} == {
        "web": "gunicorn",
        "worker": "celery",
        "codes": "celery",
        "beat": "celery",
    }


def test_procfile_keeps_colons_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# comment\n\nweb: serve --bind 127.0.0.1:8000\n")
    assert processes.read_procfile(path) == {"web": "serve --bind 127.0.0.1:8000"}


def test_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not gone(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: gone(child))


def test_stop_kills_a_child_that_ignores_the_polite_signal(tmp_path: Path) -> None:
    child = started(tmp_path, [sys.executable, "-c", STUBBORN])
    assert eventually(lambda: child.log.read_text() == "up\n")
    child.stop(signal.SIGTERM, 0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_stop_ends_grandchildren_too(tmp_path: Path) -> None:
    child = started(tmp_path, ["/bin/sh", "-c", "sleep 60 & echo $!; wait"])
    assert eventually(lambda: child.log.read_text().strip().isdigit())
    grandchild = int(child.log.read_text())
    child.stop(signal.SIGTERM, 1)
    assert eventually(lambda: gone(grandchild))


def test_last_words_are_the_end_of_the_log(tmp_path: Path) -> None:
    child = started(tmp_path, ["/bin/sh", "-c", "echo one; echo two; echo three >&2; exit 3"])
    child.process.wait()
    assert child.last_words(2) == "two\nthree"
    with pytest.raises(Problem, match=r"^child ended \(code 3\), so everything stops"):
        running.refuse_ended([child])


def test_leftovers_of_an_earlier_run_are_found_by_their_mark(tmp_path: Path) -> None:
    mark = str(uuid.uuid4())
    marked = started(tmp_path, ["sleep", "60"], PRATICONNECT_RUN=mark)
    other = started(tmp_path, ["sleep", "60"], PRATICONNECT_RUN=f"{mark}-other")
    assert eventually(lambda: list(processes.marked_processes(mark)) == [marked.process.pid])
    processes.end_leftovers(mark)
    assert marked.process.wait(5) == -signal.SIGKILL
    assert list(processes.marked_processes(mark)) == []
    assert not other.ended()
    other.stop(signal.SIGTERM, 1)


def test_follower_shows_whole_lines_once(tmp_path: Path) -> None:
    child = started(tmp_path, ["/bin/sh", "-c", "printf 'one\\ntw'"])
    child.process.wait()
    follower = processes.Follower([child])
    assert follower.new_lines() == ["child  | one"]
    assert follower.new_lines() == []
    with child.log.open("a") as log:
        log.write("o\n")
    assert follower.new_lines() == ["child  | two"]


def test_second_run_is_refused_and_told_where_the_first_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    with (
        running.only_one(tmp_path),
        pytest.raises(
            Problem, match=rf"^PratiConnect runs already .*\(process {os.getpid()}, http://localhost:8123/\)"
        ),
        running.only_one(tmp_path),
    ):
        pytest.fail("a second run was let in")
    with running.only_one(tmp_path):
        assert (tmp_path / "lock").read_text() == f"(process {os.getpid()}, http://localhost:8123/)"


def test_taken_port_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(Problem, match=rf"^Port {port} of 127\.0\.0\.1 .* PORT={port + 1} \./dev run$"):
            running.refuse_taken_port()


@pytest.mark.parametrize("port", ["eight", "0", "65536", "-1"])
def test_port_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(Problem, match=rf"^PORT is '{port}': write a number from 1 to 65535\.$"):
        running.host_and_port()
