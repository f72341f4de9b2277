"""kill -9 of the sweeping process, of its database backend and of PostgreSQL at random moments (invariant 8).

KILLS=200 kills that often; without it as many as a suite can wait for.
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

KILLS = os.environ.get("KILLS", "6")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own user can enter at any time (pytest closes its own again whenever a run begins)."""
    made = Path(mkdtemp(prefix="praticonnect-kills-"))
    made.chmod(0o711)
    yield made
    rmtree(made)


def test_work_killed_anywhere_loses_nothing_and_does_nothing_twice_or_by_half(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.lifecycle.kills.run", str(folder), KILLS, "20261122"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{json.dumps(report)}\n")
    assert report["wrong"] == []
    assert sum(report["kills"].values()) == int(KILLS)
    assert any("hit" in kind for kind in report["kills"])
