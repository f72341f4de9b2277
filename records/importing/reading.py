"""Read a FHIR bundle's text entry by entry, with the place of everything in it.

The text of a bundle is held once; of its entries only one at a time is decoded, and each keeps where its resource
begins and ends, so that the original characters can be sealed and exported again without loss (PC-123).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

MAX_BUNDLE_BYTES = 200_000_000
"""A bundle of this size or more is refused before it is read (bytes)."""

Resource = dict[str, Any]

_SPACE = re.compile(r"[ \t\n\r]*")


class BadInput(Exception):
    """A file, or a place in it, that can't be taken; `path` says where, `message` what is wrong and what to do."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a bundle: its number, and the slice of the text that holds its resource."""

    number: int
    full_url: str
    method: str
    start: int
    end: int
    resource_type: str
    resource_id: str

    @property
    def path(self) -> str:
        return f"entry[{self.number}].resource"


def _no_constant(name: str) -> None:
    raise ValueError(_("%(name)s isn't a number in JSON") % {"name": name})


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=Decimal)


def read_text(source: BinaryIO, size: int) -> str:
    """The whole text of a bundle of `size` bytes; raises BadInput for one too large, or not in UTF-8."""
    if size >= MAX_BUNDLE_BYTES:
        raise BadInput(
            "",
            _(
                "the file has %(size)d MB; a bundle may have up to %(limit)d MB. Export fewer years at a time, or split it."
            )
            % {"size": size // 1_000_000, "limit": MAX_BUNDLE_BYTES // 1_000_000},
        )
    raw = source.read(MAX_BUNDLE_BYTES)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(
            _("line %(line)d") % {"line": line}, _("the text isn't UTF-8 here. Save the file as UTF-8 and try again.")
        ) from None


def decode(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that starts at `at`, and where it ends; decimals keep the digits they were written with."""
    return _DECODER.raw_decode(text, at)


def resource_at(text: str, entry: Entry) -> Resource:
    """Decode the resource of one entry."""
    resource: Resource = decode(text, entry.start)[0]
    return resource


def read_bundle(text: str, visit: Callable[[Entry, Resource | None], None]) -> Resource:
    """Go once through the bundle and call `visit` for each entry (with None when it has no resource).

    Returns the bundle without its entries. Raises BadInput with line and column when the JSON is broken.
    """
    try:
        return _bundle(text, visit)
    except json.JSONDecodeError as error:
        place = _("line %(line)d, column %(column)d") % {"line": error.lineno, "column": error.colno}
        raise BadInput(
            place, _("the JSON is broken here (%(why)s). Export the file again.") % {"why": error.msg}
        ) from None
    except RecursionError:
        raise BadInput("", _("the JSON is nested too deeply to be a FHIR bundle.")) from None
    except ValueError as error:
        raise BadInput("", _("the JSON can't be read: %(why)s.") % {"why": error}) from None


def _bundle(text: str, visit: Callable[[Entry, Resource | None], None]) -> Resource:
    head: Resource = {}

    def member(key: str, start: int) -> int:
        if key == "entry" and text.startswith("[", start):
            return _walk_array(text, start, lambda number, at: _entry(text, number, at, visit))
        head[key], end = decode(text, start)
        return end

    start = _skip(text, 0)
    if not text.startswith("{", start):
        json_value, _end = decode(text, start)
        raise BadInput(
            "", _("the file holds a JSON %(kind)s where a Bundle was expected.") % {"kind": _kind(json_value)}
        )
    end = _skip(text, _walk_object(text, start, member))
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return head


def _entry(text: str, number: int, at: int, visit: Callable[[Entry, Resource | None], None]) -> int:
    parts: Resource = {}
    slices = {"resource": (at, at)}

    def member(key: str, start: int) -> int:
        parts[key], end = decode(text, start)
        slices[key] = (start, end)
        return end

    if not text.startswith("{", at):
        raise BadInput(f"entry[{number}]", _("an entry must be an object."))
    end = _walk_object(text, at, member)
    resource = parts.get("resource")
    if resource is not None and not isinstance(resource, dict):
        raise BadInput(f"entry[{number}].resource", _("a resource must be an object."))
    visit(_described(number, parts, slices["resource"], resource or {}), resource)
    return end


def _described(number: int, parts: Resource, where: tuple[int, int], resource: Resource) -> Entry:
    request = parts.get("request")
    method = request.get("method", "") if isinstance(request, dict) else ""
    return Entry(
        number, _word(parts.get("fullUrl")), _word(method), *where,
        _word(resource.get("resourceType")), _word(resource.get("id")),
    )  # fmt: skip


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _kind(value: object) -> str:
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _walk_object(text: str, at: int, read: Callable[[str, int], int]) -> int:
    """Call `read(key, start)` for each member of the object at `at`; it returns where the value ends."""
    at = _skip(text, at + 1)
    if text.startswith("}", at):
        return at + 1
    while True:
        if not text.startswith('"', at):
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        key, at = decode(text, at)
        at = _skip(text, at)
        if not text.startswith(":", at):
            raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
        at = _skip(text, read(key, _skip(text, at + 1)))
        if text.startswith("}", at):
            return at + 1
        at = _skip(text, _comma(text, at))


def _walk_array(text: str, at: int, read: Callable[[int, int], int]) -> int:
    """Call `read(number, start)` for each element of the array at `at`; it returns where the element ends."""
    at = _skip(text, at + 1)
    if text.startswith("]", at):
        return at + 1
    number = 0
    while True:
        at = _skip(text, read(number, at))
        if text.startswith("]", at):
            return at + 1
        at = _skip(text, _comma(text, at))
        number += 1


def _comma(text: str, at: int) -> int:
    if not text.startswith(",", at):
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    return at + 1
