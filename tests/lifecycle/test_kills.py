"""kill -9 of worker, web, PostgreSQL and of a process at work, at random moments (invariant 8).

Worker, web and beat are those of the Procfile, on a broker and a database of this test's own.
KILLS=200 kills that often (-s shows each); without it each kind of work is killed once.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from django.conf import settings

KILLS = os.environ.get("KILLS", "8")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own user can enter at any time (pytest closes its own again whenever a run begins)."""
    made = Path(mkdtemp(prefix="praticonnect-kills-"))
    made.chmod(0o711)
    yield made
    rmtree(made)


def test_work_killed_anywhere_loses_nothing_and_does_nothing_twice_or_by_half(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.lifecycle.kills.run", str(folder), KILLS, "20261122"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True, check=False)
    assert done.stdout, "it ended without a report: what it said last stands in the captured stderr"
    report = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{json.dumps(report)}\n")
    assert report["wrong"] == []
    assert sum(report["kills"].values()) == int(KILLS)
    assert any("hit" in kind for kind in report["kills"])
