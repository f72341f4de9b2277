"""An environment of its own for each peer, made at its first run in the machine's temporary folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).parent
PEERS = {"gdpr_assist": ("django-gdpr-assist==1.4.2", "django>=5.2,<5.3", "psycopg[binary]")}


class NotThere(RuntimeError):
    """The peer can't be installed here (no network, most often); the benchmark says so and goes on."""


def measure(peer: str, *arguments: str) -> dict[str, float]:
    """Run a peer's script in its environment; what it printed. Raises NotThere when it can't be installed."""
    script = HERE / f"peer_{peer}.py"
    done = subprocess.run([python_of(peer), str(script), *arguments], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def python_of(peer: str) -> str:
    """The interpreter of the peer's environment, made if it isn't there."""
    folder = Path(tempfile.gettempdir()) / f"praticonnect-peers-{os.getuid()}" / peer
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, clear=True, with_pip=True)
        asked = [str(python), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", *PEERS[peer]]
        if subprocess.run(asked, stdout=sys.stderr, check=False).returncode:
            raise NotThere(f"{peer} could not be installed from PyPI")
        (folder / "ready").touch()
    return str(python)
