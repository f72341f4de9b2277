"""What left the house, byte for byte, in every reading that somebody could give it."""

import base64
import binascii
import email
import json
import quopri
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import unquote_to_bytes

from fakes.server import Fakes
from fakes.wire import Asked
from tests.lifecycle.residue.s3 import Bucket

TOKEN = re.compile(rb"kwz[0-9a-f]{12}")
RUNS = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){15,}")
DEEP = 3


def captured(fakes: Fakes, letters: list[bytes], bucket: Bucket) -> dict[str, list[bytes]]:
    """Every request that a stand-in saw, every letter, every object that was stored: by who got it."""
    found = {key: [written(call) for call in one.calls] for key, one in fakes.playing.items() if one.calls}
    stored = [f"{one.key} {json.dumps(one.headers)} ".encode() + (one.body or b"") for one in bucket.versions]
    return found | {"mail": letters, "storage": stored}


def written(call: Asked) -> bytes:
    """A request with everything that goes over the wire."""
    head = [
        call.method,
        call.host,
        call.path,
        *(f"{name}={value}" for name, value in (*call.query.items(), *call.headers.items())),
    ]
    return "\n".join(head).encode() + b"\n" + call.body


def tokens_in(raw: bytes) -> set[str]:
    """The tokens that stand in these bytes, however they are written."""
    return {token.decode() for reading in readings(raw, DEEP) for token in TOKEN.findall(reading.lower())}


def readings(raw: bytes, deep: int) -> Iterator[bytes]:
    """The bytes as they are, and as what they may be an encoding of; encodings of encodings too."""
    yield raw
    if deep:
        for inner in decoded(raw):
            yield from readings(inner, deep - 1)


def decoded(raw: bytes) -> Iterator[bytes]:
    """What the bytes say in UTF-16, percent signs, JSON's escapes, hexadecimal, base64, quoted-printable, gzip, or as a letter."""
    if b"\0" in raw:
        yield raw.replace(b"\0", b"")
    if b"%" in raw and (plain := unquote_to_bytes(raw)) != raw:
        yield plain
    if b"\\u" in raw:
        yield re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()), raw)
    if b"=" in raw and (plain := quopri.decodestring(raw)) != raw:
        yield plain
    for begin in (b"\x1f\x8b", b"\x78\x9c"):
        if begin in raw:
            with suppress(zlib.error):
                yield zlib.decompressobj(47).decompress(raw[raw.index(begin) :])
    for run in RUNS.findall(raw.replace(b"\r\n", b"")):
        yield from based(run)
    for run in HEX.findall(raw):
        yield bytes.fromhex(run.decode())
    if b"MIME-Version" in raw:
        yield from (
            part.get_payload(decode=True) or b""
            for part in email.message_from_bytes(raw).walk()
            if not part.is_multipart()
        )


def based(run: bytes) -> Iterator[bytes]:
    """A run of letters read as base64 of either alphabet."""
    plain = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    with suppress(binascii.Error, ValueError):
        said = base64.b64decode(plain + b"=" * (-len(plain) % 4))
        if any(one in said.lower() for one in (b"kwz", b"k\0w\0z", b"\x1f\x8b", b"a3d6", b"%6b")) or said.isascii():
            yield said


def by_place(found: Mapping[str, list[bytes]]) -> dict[str, set[str]]:
    """The tokens that each got; who got none isn't in it."""
    seen = {place: set().union(*(tokens_in(raw) for raw in raws)) for place, raws in found.items()}
    return {place: tokens for place, tokens in seen.items() if tokens}
