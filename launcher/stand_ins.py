"""The stand-ins of all providers beside ./dev run: one program (fakes/) with pages for people and a mail server.

The product is told where they are; whatever the person's shell says about real services counts before that. They get no
secret of ours: what plays a provider knows what a provider knows.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher.console import Problem
from launcher.places import ROOT
from launcher.ports import answers, chosen, refuse_taken
from launcher.processes import MARK, Child, start

BESIDE = 100
"""The stand-ins' port above that of the product, and the mail server's above the stand-ins'."""
MAIL_ABOVE = 25
START_SECONDS = 20.0
NOTE = "stand-ins.json"
THEIRS = ("PATH", "VIRTUAL_ENV", "PYTHONUTF8", "PYTHONUNBUFFERED", "LANG", "LC_ALL")


@dataclass(frozen=True)
class StandIns:
    """Where they listen."""

    port: int

    @property
    def mail_port(self) -> int:
        """Where they take letters."""
        return self.port + MAIL_ABOVE

    @property
    def url(self) -> str:
        """The page that leads to all of them."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the product is told: all services here, letters too unless the shell names a mail server."""
        told = {"PRATICONNECT_FAKES": self.url, "LIVEKIT_RECORDING": os.environ.get("LIVEKIT_RECORDING") or "1"}
        if os.environ.get("EMAIL_HOST"):
            return told
        mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.mail_port), "EMAIL_USE_TLS": "0"}
        return told | mail | {"EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": ""}


def wanted(product_port: int) -> StandIns | None:
    """The stand-ins to start; None with FAKES_PORT=off, and where PRATICONNECT_FAKES names some. Raises Problem."""
    said = os.environ.get("FAKES_PORT", "").strip().lower()
    if said == "off" or os.environ.get("PRATICONNECT_FAKES"):
        return None
    here = StandIns(chosen("FAKES_PORT", product_port + BESIDE, most=65535 - MAIL_ABOVE))
    for port in (here.port, here.mail_port):
        remedy = f"the stand-ins need it: choose other ports with FAKES_PORT={here.port + 50} ./dev run"
        refuse_taken("127.0.0.1", port, remedy)
    return here


@contextmanager
def beside(here: StandIns | None, env: Mapping[str, str], folder: Path, product: str) -> Iterator[list[Child]]:
    """They run as long as the block does, and end after everything in it; gives the process, or nothing."""
    if here is None:
        yield []
        return
    log, note = folder / "fakes.log", folder / NOTE
    command = [sys.executable, "-m", "fakes", "--port", str(here.port), "--mail-port", str(here.mail_port)]
    theirs = {name: env[name] for name in THEIRS if name in env} | {MARK: str(folder)}
    log.write_bytes(b"")
    child = start("fakes", [*command, "--product", product], log, env=theirs, cwd=ROOT)
    try:
        wait_until_there(child)
        told = {name: env[name] for name in ("PRATICONNECT_SITE_URL", *here.environment) if name in env}
        note.write_text(json.dumps({"port": here.port, "told": told}))
        yield [child]
    finally:
        note.unlink(missing_ok=True)
        child.stop(signal.SIGTERM, 5)


def wait_until_there(child: Child) -> None:
    """Return when it says that it listens. Raises Problem with what it said when it ended instead."""
    deadline = time.monotonic() + START_SECONDS
    while "Stand-ins at" not in (said := child.last_words()):
        if child.ended() or time.monotonic() > deadline:
            raise Problem(f"The stand-ins don't start:\n{said}")
        time.sleep(0.05)


def of_a_run(folder: Path) -> dict[str, str]:
    """What a ./dev run that is up told the product, for commands beside it; the shell's own words count first."""
    try:
        note = json.loads((folder / NOTE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    told: dict[str, str] = note["told"] if answers(int(note["port"])) else {}
    return {name: value for name, value in told.items() if name not in os.environ}
