"""Where things are: the checkout, its virtual environment and everything that runs leave behind."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
EMBEDDED = VENV / "embedded"  # server binaries, beside the packages and not among them: Python never imports them
STORAGE = VENV / "storage"  # the S3 server's, which Debian's servers go with too


def var() -> Path:
    """The folder of all data of this checkout; PRATICONNECT_VAR moves it elsewhere."""
    return Path(os.environ.get("PRATICONNECT_VAR") or ROOT / "var").resolve()


def short_name(path: Path) -> str:
    """A name for a path that fits where a path is too long, the same on each call."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def make_folder(path: Path, mode: int = 0o755) -> Path:
    """Make a folder with exactly this mode, whatever the umask is."""
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_uid == os.getuid():
        path.chmod(mode)
    return path
