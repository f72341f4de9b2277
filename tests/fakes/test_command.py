"""manage.py fakes and python -m fakes: start, say where, answer, and end on a polite kill."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from smtplib import SMTP
from typing import Any
from urllib.request import urlopen

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from fakes.server import all_providers

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "http://127.0.0.1:9"
PATIENCE = 60
"""Seconds to wait for an end that should come at once: a busy machine is slow, a program that hangs never ends."""


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The program, killed if the test leaves it running."""
    child = subprocess.Popen([sys.executable, *words], cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def test_command_says_where_it_listens_answers_and_ends_when_asked_to() -> None:
    with started("manage.py", "fakes", "--port", "0", "--mail-port", "0", "--product", PRODUCT) as child:
        assert child.stdout is not None
        said = re.fullmatch(
            r"Stand-ins at (http://127.0.0.1:\d+)/ for (.+); letters at port (\d+)\n", child.stdout.readline()
        )
        assert said is not None
        assert said[2].split(", ") == [one.key for one in all_providers()]
        with urlopen(f"{said[1]}/", timeout=PATIENCE) as answer:  # noqa: S310 - an address of this machine
            page = answer.read().decode()
        with SMTP("127.0.0.1", int(said[3]), timeout=PATIENCE) as letters:
            assert letters.noop()[0] == 250
        assert (f"They tell {PRODUCT} what happens." in page, f"at port {said[3]}." in page) == (True, True)
        child.send_signal(signal.SIGTERM)
        assert (child.wait(PATIENCE), child.stdout.read()) == (0, "")


def test_port_that_is_taken_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = [sys.executable, "-m", "fakes", "--port", port, "--mail-port", "0"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr.count("\n"), "--port and --mail-port" in done.stderr) == (
        1,
        "",
        1,
        True,
    )


def test_production_has_no_stand_ins(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr("os.execv", lambda *_words: pytest.fail("it started"))
    with pytest.raises((CommandError, SystemExit), match="production speaks to the real services"):
        call_command("fakes")
