"""Where plaintext could stay behind, as bytes, and the forms it could have there."""

import base64
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.core.management import call_command
from redis import Redis

Places = Mapping[str, bytes]


def places(folder: Path, logs: str) -> dict[str, bytes]:
    """All the places, each as one run of bytes. ``folder`` is for the dump."""
    return {
        "dump": dumped(folder / "dump.sql"),
        "sessions": json.dumps([session.get_decoded() for session in Session.objects.all()]).encode(),
        "files": stored(Path(default_storage.path(""))),
        "uploads": stored(Path(settings.FILE_UPLOAD_TEMP_DIR)),
        "redis": kept_in_redis(),
        "mails": b"\n".join(map(written, mail.outbox)),
        "logs": logs.encode(),
    }


def written(message: EmailMessage) -> bytes:
    """A mail as it goes out, but for whom it goes to: that line can't do without the address."""
    sent = message.message()
    del sent["To"]
    return sent.as_bytes() + message.body.encode()


def dumped(out: Path) -> bytes:
    """The main database as ``manage.py dump_database`` writes it."""
    call_command("dump_database", out=out, stdout=io.StringIO())
    return out.read_bytes()


def stored(folder: Path) -> bytes:
    """Names and contents of all files under a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes() for path in found)


def kept_in_redis() -> bytes:
    """Every key of the server's database that the house uses, with its value."""
    with Redis.from_url(settings.REDIS_URL) as server:
        return b"\n".join(key + b"\n" + value_in_redis(server, key) for key in server.scan_iter(count=1000))


def value_in_redis(server: Redis, key: bytes) -> bytes:
    """The value of one key, whatever its type, uncompressed."""
    readers = {
        b"string": lambda: [server.get(key) or b""],
        b"list": lambda: server.lrange(key, 0, -1),
        b"set": lambda: server.smembers(key),
        b"hash": lambda: [part for pair in server.hgetall(key).items() for part in pair],
        b"zset": lambda: server.zrange(key, 0, -1),
        b"none": list,  # it expired meanwhile
    }
    return b"\n".join(readers[server.type(key)]())


def forms(token: str) -> dict[str, bytes]:
    """What a token looks like as text, as bytea in a dump, in UTF-16 and in base64 at each of its three offsets."""
    plain = token.encode()
    shifted = {f"base64+{n}": base64.b64encode(b"\0" * n + plain)[(0, 2, 3)[n] : -4] for n in range(3)}
    return {
        "text": plain, "small": plain.lower(), "hex": plain.hex().encode(), "utf-16": token.encode("utf-16-le"), **shifted,
    }  # fmt: skip


def found(tokens: Iterable[tuple[str, str]], haystacks: Places) -> list[tuple[str, str, str]]:
    """(field, place, form) of each token that stands somewhere in clear."""
    wanted = [(name, form, needle) for name, token in tokens for form, needle in forms(token).items()]
    hits = []
    for place, content in haystacks.items():
        small = content.lower()
        hits += [
            (name, place, form) for name, form, needle in wanted if needle in (small if form == "small" else content)
        ]
    return hits
