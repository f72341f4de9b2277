"""Checkpoints: a signed line on how far the ledger reached, kept outside the database.

From inside a database nobody can tell that its last seals were dropped together with their rows. A
checkpoint kept elsewhere can: ``manage.py ledger verify --against FILE``. The form is that of C2SP's
tlog-checkpoint, a signed note: origin, number of seals, hash of the last seal, signatures.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from audit import signing
from audit.models import Seal
from audit.sealing import START, hash_of

ORIGIN = "praticonnect/ledger"
DASH = "\N{EM DASH} "
ED25519 = b"\x01"


@dataclass(frozen=True)
class Checkpoint:
    """How many seals there were, and the hash of the last."""

    seals: int
    head: bytes


def current() -> Checkpoint:
    """The state of the ledger now."""
    last = Seal.objects.order_by("number").last()
    return Checkpoint(last.number, hash_of(last)) if last else Checkpoint(0, START)


def note(checkpoint: Checkpoint) -> str:
    """The signed text."""
    body = f"{ORIGIN}\n{checkpoint.seals}\n{base64.b64encode(checkpoint.head).decode()}\n"
    signature = signing.sign(body.encode())
    name = f"{ORIGIN}/{signature.key_id}"
    key_hash = _key_hash(name, signing.public_keys()[signature.key_id])
    return f"{body}\n{DASH}{name} {base64.b64encode(key_hash + signature.value).decode()}\n"


def parse(text: str) -> Checkpoint | None:
    """The checkpoint in a note, or None unless one of our keys signed it."""
    body, _, signatures = text.partition("\n\n")
    body += "\n"
    if not any(_signed(body, line) for line in signatures.splitlines()):
        return None
    origin, seals, head = body.splitlines()[:3]
    return Checkpoint(int(seals), base64.b64decode(head)) if origin == ORIGIN else None


def export(folder: Path, now: datetime) -> Path | None:
    """Write the current checkpoint as a new file under ``folder``; None if nothing was sealed since the last one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    checkpoint = current()
    if any(folder.glob(f"*-{checkpoint.seals:012}.txt")):
        return None
    path = folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{checkpoint.seals:012}.txt"
    unfinished = path.with_suffix(".new")
    unfinished.write_text(note(checkpoint))
    unfinished.rename(path)
    return path


def folder() -> Path:
    """Where checkpoints are exported to; operations copy it to a place this machine can't rewrite."""
    return Path(settings.VAR_DIR) / "checkpoints"


def _signed(body: str, line: str) -> bool:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    key_id = name.removeprefix(f"{ORIGIN}/")
    public = signing.public_keys().get(key_id)
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    if public is None or raw[:4] != _key_hash(name, public):
        return False
    return signing.verify(body.encode(), signing.Signature(key_id, raw[4:]))


def _key_hash(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]
