"""What is packed is unpacked before it is searched: compressed files, archives, PDFs, signed values of Django."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, Final

PIECE: Final = 128 * 1024
"""Bytes looked at together. Their readings as text take up to forty times as much memory while they are searched."""
LARGEST_PDF: Final = 64 * 1024 * 1024
DEEPEST: Final = 3
"""Archives within archives."""

_OPENERS: Final[tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...]] = (
    (b"\x1f\x8b\x08", lambda packed: gzip.GzipFile(fileobj=packed)),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
    *((b"BZh%d1AY&SY" % level, bz2.BZ2File) for level in range(1, 10)),
)
_ZIP: Final = b"PK\x03\x04"
_PDF: Final = b"%PDF-"
SIGNS: Final = re.compile(b"|".join(re.escape(sign) for sign in (*(sign for sign, _ in _OPENERS), _ZIP, _PDF)))
"""How packed content begins."""

# payload : moment : signature, as django.core.signing writes it; a leading dot says that the payload is compressed.
_SIGNED = re.compile(rb"\.([A-Za-z0-9_-]{8,}):[A-Za-z0-9]{6}:[A-Za-z0-9_-]{20,}")
_PDF_STREAM = re.compile(rb"stream\r?\n")
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def signed_values(data: bytes) -> Iterator[bytes]:
    """The compressed payloads of signed values in ``data`` (sessions above all), unpacked."""
    for found in _SIGNED.finditer(data):
        payload = found[1] + b"=" * (-len(found[1]) % 4)
        try:
            yield zlib.decompress(urlsafe_b64decode(payload))
        except (ValueError, zlib.error):
            continue


def pieces(stream: BinaryIO, overlap: int, depth: int = 0) -> Iterator[bytes]:
    """All of ``stream`` in pieces that overlap, then what is packed in it. Constant memory, but for a PDF's."""
    head = stream.read(16)
    stream.seek(0)
    yield from _overlapping(stream, overlap)
    if depth >= DEEPEST or not SIGNS.match(head):
        return
    stream.seek(0)
    try:
        for inner in _unpacked(head, stream):
            yield from _inner_pieces(inner, overlap, depth + 1)
    except _BROKEN:
        return  # cut or encrypted: what could be read was read


def _overlapping(stream: IO[bytes], overlap: int) -> Iterator[bytes]:
    tail = b""
    while piece := stream.read(PIECE):
        yield tail + piece
        tail = piece[-overlap:] if overlap else b""


def _unpacked(head: bytes, stream: BinaryIO) -> Iterator[IO[bytes]]:
    for sign, opener in _OPENERS:
        if head.startswith(sign):
            yield opener(stream)
    if head.startswith(_ZIP):
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                yield io.BytesIO(member.filename.encode())
                with archive.open(member) as content:
                    yield content
    if head.startswith(_PDF):
        yield from (io.BytesIO(content) for content in _pdf_streams(stream.read(LARGEST_PDF)))


def _inner_pieces(inner: IO[bytes], overlap: int, depth: int) -> Iterator[bytes]:
    if inner.seekable():
        yield from pieces(inner, overlap, depth)  # type: ignore[arg-type]
    else:
        yield from _overlapping(inner, overlap)


def _pdf_streams(data: bytes) -> Iterator[bytes]:
    whole = memoryview(data)
    for found in _PDF_STREAM.finditer(data):
        try:
            yield zlib.decompressobj().decompress(whole[found.end() :], LARGEST_PDF)
        except zlib.error:
            continue
