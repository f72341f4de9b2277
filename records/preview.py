"""What a document really is, and its pages as pictures; the parsing happens in a child process."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.refusals import Refusal, Refused

MAX_BYTES: Final = 20 * 1024 * 1024
"""A document may have up to 20 MB."""

PATIENCE: Final = 25
"""Seconds after which a document that can't be drawn is given up."""

_PROGRAM: Final = str(Path(__file__).with_name("preview_process.py"))
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
_KIND: Final = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True, slots=True)
class Inspected:
    """A document that was read to the end: its true type and number of pages."""

    content_type: str
    pages: int


def inspect(data: bytes) -> Inspected:
    """Judge a document by its content, never by its name.

    Raises :class:`privacy.refusals.Refused` with one clear message for anything but a readable PDF,
    JPEG or PNG of at most :data:`MAX_BYTES`.
    """
    if len(data) > MAX_BYTES:
        raise Refused(too_large())
    content_type = sniff(data)
    if content_type is None:
        raise Refused(_other_kind(data))
    answer = _run(data, "check", _KIND[content_type])
    try:
        found = json.loads(answer)
    except ValueError:  # the process was ended by its limits
        found = {"refused": "too_much"}
    if code := found.get("refused"):
        raise Refused(Refusal(code, _REFUSED[code]))
    return Inspected(content_type, found["pages"])


def page_as_png(data: bytes, content_type: str, *, page: int, width: int = 1000) -> bytes:
    """Page ``page`` (from 0) drawn anew, ``width`` pixels wide. Raises Refused if it can't be."""
    drawn = _run(data, "render", _KIND[content_type], str(page), str(width))
    if not drawn.startswith(b"\x89PNG"):
        raise Refused(Refusal("broken", _("This page can't be shown. Download the document.")))
    return drawn


def sniff(data: bytes) -> str | None:
    """The type that the first bytes tell, among those taken."""
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def why_not_taken(start: bytes) -> Refusal | None:
    """Why a document that begins like this isn't taken: the first bytes tell its kind, never its name."""
    return None if sniff(start) else _other_kind(start)


def too_large() -> Refusal:
    """The answer to more than :data:`MAX_BYTES`."""
    return Refusal(
        "size",
        _("This document has more than 20 MB. Scan it in grey or in parts, and add it again."),
    )


def _run(data: bytes, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-I", _PROGRAM, *arguments],
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 else b""


def _other_kind(data: bytes) -> Refusal:
    return Refusal("type", _what_it_is(data))


def _what_it_is(data: bytes) -> str | Promise:
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return _("This document is empty. Choose it again.")
    for mark, message in _OTHERS:
        if start.startswith(mark) or (mark in (b"<svg", b"<html") and mark in start):
            return message
    return _("This is neither a PDF, a JPEG nor a PNG, whatever its name says. Save it as a PDF.")


_OTHERS: Final = (
    (b"<svg", _("This is an SVG drawing, whatever its name says. Save it as a PDF or a PNG.")),
    (b"<html", _("This is a web page, whatever its name says. Print it as a PDF.")),
    (b"<!doctype html", _("This is a web page, whatever its name says. Print it as a PDF.")),
    (b"pk\x03\x04", _("This is an archive or an office document. Save its content as a PDF.")),
    (b"\x1f\x8b", _("This is an archive. Unpack it, and add what is inside as PDF or image.")),
    (b"gif8", _("This is a GIF image. Save it as a PNG or a JPEG.")),
    (b"mz", _("This is a program, and isn't taken. Choose a PDF, a JPEG or a PNG.")),
)
_REFUSED: Final = {
    "password": _("This PDF is locked with a password. Save it without one, and add it again."),
    "broken": _("This document is damaged and can't be read. Save or scan it again."),
    "pixels": _("This image has more than 50 million points. Save it in a smaller size."),
    "pages": _("This PDF has no page, or more than 2,000. Split it, and add it in parts."),
    "too_much": _("This document grows beyond all measure when it is opened. Save or scan it again."),
}
