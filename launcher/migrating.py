"""Both databases brought to the code's state."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from launcher.console import Problem, say
from launcher.places import PYTHON, ROOT

DATABASES = ("default", "keys")


def migrate(env: Mapping[str, str]) -> None:
    """Apply the migrations of both databases at once. Raises Problem with the last words of the one that fails."""
    with ThreadPoolExecutor(len(DATABASES)) as pool:
        list(pool.map(lambda name: manage(env, "migrate", "--verbosity", "0", "--database", name), DATABASES))


def migrate_once(env: Mapping[str, str], folder: Path) -> None:
    """Migrate unless these servers were brought to this very state before; for calls that must be quick."""
    with (folder / "migrated").open("a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        stamp.seek(0)
        wanted = fingerprint()
        if stamp.read() == wanted:
            return
        say("Preparing the database")
        migrate(env)
        stamp.truncate(0)
        stamp.write(wanted)


def fingerprint() -> str:
    """One hash over all migrations: ours, and by their versions those of the libraries."""
    digest = hashlib.sha256((ROOT / "requirements/base.txt").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """The output of one manage.py command. Raises Problem with its last words."""
    done = subprocess.run(
        [str(PYTHON), "manage.py", *arguments],
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"manage.py {' '.join(arguments)} failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
