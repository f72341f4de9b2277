"""The secrets of this checkout: made once, kept under var/keys, readable by their owner only.

An environment variable of the same name wins, as in production, where nothing is ever generated.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from launcher.places import make_folder


def numbered_key() -> str:
    """One key of 32 random bytes with its id, as PRATICONNECT_MASTER_KEYS lists them."""
    return f"k{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


MAKERS: dict[str, Callable[[], str]] = {
    "PRATICONNECT_MASTER_KEYS": numbered_key,
    "PRATICONNECT_SIGNING_KEYS": numbered_key,
    "PRATICONNECT_SECRET_KEY": lambda: secrets.token_urlsafe(50),
}


def secret_environment(folder: Path) -> dict[str, str]:
    """Each secret by its environment name, from the environment, the folder, or made now."""
    return {name: os.environ.get(name) or kept(folder / name.lower(), make) for name, make in MAKERS.items()}


def kept(path: Path, make: Callable[[], str]) -> str:
    """The secret in a file, made now if there is none. Two processes at once agree on one."""
    if not path.exists():
        make_folder(path.parent, 0o700)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(make() + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
