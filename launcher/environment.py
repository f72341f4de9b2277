"""The environment that every process of the project gets, whatever the person's shell holds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from launcher import storage
from launcher.console import Problem
from launcher.keyring import secret_environment
from launcher.places import BIN, VENV, make_folder, var
from launcher.servers import Instance
from launcher.services import is_up, using

SERVER_URLS = ("DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL")
# These change how Python finds or compiles code: ours must not depend on them.
UNWANTED = (
    "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONSTARTUP", "PYTHONOPTIMIZE",
    "PYTHONWARNINGS", "DJANGO_SETTINGS_MODULE",
)  # fmt: skip


def debian_servers() -> bool:
    """True if the person asked for Debian's PostgreSQL and Redis."""
    choice = os.environ.get("PRATICONNECT_PG", "wheel")
    if choice not in ("wheel", "debian"):
        raise Problem(f"PRATICONNECT_PG is {choice!r}: write debian, or leave it out.")
    return choice == "debian"


def given_urls() -> dict[str, str]:
    """Addresses of real servers from the environment: all three or none. Raises Problem in between."""
    given = {name: os.environ[name] for name in SERVER_URLS if os.environ.get(name)}
    missing = [name for name in SERVER_URLS if name not in given]
    if given and missing:
        raise Problem(
            f"{' and '.join(given)} is set, but not {' and '.join(missing)}: set all three, or none for embedded servers."
        )
    return given


def instance(name: str, *, durable: bool) -> Instance:
    """The embedded servers of this name; those with Debian's binaries have data of their own."""
    debian = debian_servers()
    return Instance(var() / (f"{name}-debian" if debian else name), debian=debian, durable=durable)


def base_environment(shell: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What every process gets, but the servers' addresses: paths, secrets, UTF-8; nothing that could mislead."""
    env = {name: value for name, value in shell.items() if name not in UNWANTED and not name.startswith("PG")}
    env["PATH"] = f"{BIN}{os.pathsep}{shell.get('PATH', os.defpath)}"
    env |= {"VIRTUAL_ENV": str(VENV), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    env["PRATICONNECT_VAR"] = str(make_folder(folder))
    for name in ("files", "uploads", "mail"):
        make_folder(folder / name, 0o700)
    return env | secret_environment(folder / "keys")


@contextmanager
def served(name: str, *, durable: bool, folder: Path | None = None, objects: bool = False) -> Iterator[dict[str, str]]:
    """The whole environment, with servers up inside the block: those given, or embedded ones of this name.

    ``objects``: sealed files lie in an S3 server among them, where nothing speaks against it.
    """
    env = base_environment(os.environ, folder or var())
    given = given_urls()
    if given:
        yield env | given
        return
    here = instance(name, durable=durable)
    if objects and not storage.why_files(here, var() / "files"):
        here = replace(here, storage=True)
    with using(here) as addresses:
        yield env | addresses


def refuse_lost_servers(name: str) -> None:
    """Raises Problem if the embedded servers of this name have ended; servers that were given look after themselves."""
    if not given_urls() and not is_up(instance(name, durable=True)):
        logs = instance(name, durable=True).folder
        raise Problem(
            f"The embedded servers ended, so everything stops; ./dev run starts it again. Their logs are in {logs}"
        )
