"""The providers' schemas of what they take, as JSON Schema in ``schemas/KEY/NAME.json``.

Checked by hand, since this program runs with Python alone. Only the words of the language that stand in :data:`CHECKS` are
understood; a schema with another one is refused rather than half obeyed.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from fakes.wire import Wrong

FOLDER: Final = Path(__file__).parent / "schemas"
SILENT: Final = frozenset({"$schema", "$id", "title", "description"})
TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "object": lambda one: isinstance(one, dict),
    "array": lambda one: isinstance(one, list),
    "string": lambda one: isinstance(one, str),
    "integer": lambda one: isinstance(one, int) and not isinstance(one, bool),
    "number": lambda one: isinstance(one, int | float) and not isinstance(one, bool),
    "boolean": lambda one: isinstance(one, bool),
    "null": lambda one: one is None,
}
Faults = Iterator[str]


def check(key: str, name: str, value: Any) -> None:
    """Raises :class:`Wrong` with the first place that doesn't fit."""
    fault = next(faults(schema(key, name), value, ""), None)
    if fault is not None:
        raise Wrong("schema", 422, fault)


@cache
def schema(key: str, name: str) -> Any:
    """One schema. Raises OSError for one that isn't there, ValueError for one that uses words we don't check."""
    found = json.loads((FOLDER / key / f"{name}.json").read_text())
    must_be_understood(found)
    return found


def must_be_understood(one: Any) -> None:
    """Raises ValueError for a schema with a word that nobody here checks."""
    if isinstance(one, bool):
        return
    if "additionalProperties" in one and "properties" not in one:
        raise ValueError("additionalProperties stands beside properties")
    if unknown := sorted(set(one) - set(CHECKS) - SILENT - {"additionalProperties"}):
        raise ValueError(f"these words of JSON Schema aren't checked here: {', '.join(unknown)}")
    inner = [*one.get("properties", {}).values(), *one.get("anyOf", [])]
    for each in [*inner, one.get("items", True), one.get("additionalProperties", True)]:
        must_be_understood(each)


def faults(one: Any, value: Any, place: str) -> Faults:
    """What doesn't fit, with where."""
    if isinstance(one, bool):
        if not one:
            yield f"{place or 'the body'} isn't expected"
        return
    if "type" in one and not any(TYPES[kind](value) for kind in _several(one["type"])):
        yield f"{place or 'the body'} has to be {' or '.join(_several(one['type']))}"
        return
    for word, says in one.items():
        if word in CHECKS:
            yield from CHECKS[word](says, value, place, one)


def _several(said: Any) -> list[str]:
    return said if isinstance(said, list) else [said]


def _properties(says: Any, value: Any, place: str, whole: Any) -> Faults:
    rest = whole.get("additionalProperties", True)
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from faults(says.get(name, rest), inner, f"{place}/{name}")


def _required(says: Any, value: Any, place: str, whole: Any) -> Faults:
    for name in says if isinstance(value, dict) else ():
        if name not in value:
            yield f"{place}/{name} is missing"


def _items(says: Any, value: Any, place: str, whole: Any) -> Faults:
    for number, inner in enumerate(value if isinstance(value, list) else ()):
        yield from faults(says, inner, f"{place}/{number}")


def _any_of(says: Any, value: Any, place: str, whole: Any) -> Faults:
    if not any(next(faults(inner, value, place), None) is None for inner in says):
        yield f"{place or 'the body'} fits none of what it may be"


def _simple(kinds: type | tuple[type, ...], fits: Callable[[Any, Any], bool], words: str) -> Callable[..., Faults]:
    def look(says: Any, value: Any, place: str, whole: Any) -> Faults:
        if isinstance(value, kinds) and not fits(says, value):
            yield f"{place or 'the body'} {words} {says}"

    return look


CHECKS: Final[dict[str, Callable[[Any, Any, str, Any], Faults]]] = {
    "type": lambda says, value, place, whole: iter(()),
    "properties": _properties,  # and additionalProperties, which goes with it
    "required": _required,
    "items": _items,
    "anyOf": _any_of,
    "enum": _simple(object, lambda says, value: value in says, "has to be one of"),
    "const": _simple(object, lambda says, value: value == says, "has to be"),
    "pattern": _simple(str, lambda says, value: bool(re.search(says, value)), "doesn't look like"),
    "minLength": _simple(str, lambda says, value: len(value) >= says, "is shorter than"),
    "maxLength": _simple(str, lambda says, value: len(value) <= says, "is longer than"),
    "minimum": _simple((int, float), lambda says, value: value >= says, "is less than"),
    "maximum": _simple((int, float), lambda says, value: value <= says, "is more than"),
    "minItems": _simple(list, lambda says, value: len(value) >= says, "has fewer than"),
    "maxItems": _simple(list, lambda says, value: len(value) <= says, "has more than"),
    "minProperties": _simple(dict, lambda says, value: len(value) >= says, "has fewer fields than"),
}
