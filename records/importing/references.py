"""References between the resources of a bundle: where they are written, and whether what they name is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .reading import Entry, Resource

OUTSIDE_TYPES = frozenset(
    [
        "Account",
        "Coverage",
        "Device",
        "Endpoint",
        "Group",
        "HealthcareService",
        "InsurancePlan",
        "Location",
        "Medication",
        "Organization",
        "OrganizationAffiliation",
        "Person",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "RelatedPerson",
        "Schedule",
        "Slot",
        "Substance",
    ]
)
"""People, places and things around a patient: a bundle may name them without bringing them."""

_RELATIVE = re.compile(r"^([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]{1,64})?$")
_ABSOLUTE = re.compile(r"^https?://.+/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(/_history/.+)?$")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference, and the path of the element that holds it."""

    path: str
    target: str

    @property
    def names_subject(self) -> bool:
        return self.path.rsplit(".", 1)[-1] in ("subject", "patient", "beneficiary")

    @property
    def target_type(self) -> str:
        match = _ABSOLUTE.match(self.target) or _RELATIVE.match(self.target)
        return match.group(1) if match else ""

    @property
    def target_id(self) -> str:
        match = _ABSOLUTE.match(self.target) or _RELATIVE.match(self.target)
        return match.group(2) if match else self.target.removeprefix("urn:uuid:")


def references_in(resource: Resource, path: str) -> Iterator[Reference]:
    """Every reference of a resource, contained resources included."""
    stack: list[tuple[_Trail, Any]] = [((None, path), resource)]
    while stack:
        trail, value = stack.pop()
        if isinstance(value, dict):
            target = value.get("reference")
            if isinstance(target, str):
                yield Reference(_path(trail), target)
            stack += [((trail, key), inner) for key, inner in value.items() if isinstance(inner, (dict, list))]
        else:
            stack += [((trail, n), inner) for n, inner in enumerate(value) if isinstance(inner, (dict, list))]


_Trail = tuple[Any, str | int]
"""Where a value stands: the trail of what holds it, and its key or number there. Written out only when asked."""


def _path(trail: _Trail) -> str:
    holder, key = trail
    if holder is None:
        return str(key)
    return f"{_path(holder)}[{key}]" if isinstance(key, int) else f"{_path(holder)}.{key}"


def contained_ids(resource: Resource) -> set[str]:
    """The local names (#…) that a resource's references may use; # alone is the resource itself."""
    contained = resource.get("contained")
    inner = contained if isinstance(contained, list) else []
    return {"#"} | {f"#{item.get('id')}" for item in inner if isinstance(item, dict)}


@dataclass(slots=True)
class Names:
    """What the entries of a bundle are called, to find the entry that a reference names."""

    _by_name: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        for name in (entry.full_url, f"{entry.resource_type}/{entry.resource_id}" if entry.resource_id else ""):
            if name:
                self._by_name.setdefault(name, entry.number)

    def find(self, target: str) -> int | None:
        """The number of the entry that is named so, if the bundle has it."""
        plain = target.split("/_history/", 1)[0]
        number = self._by_name.get(plain)
        if number is None:
            match = _ABSOLUTE.match(plain)
            number = self._by_name.get(f"{match.group(1)}/{match.group(2)}") if match else None
        return number


def is_outside(target: str) -> bool:
    """True for a reference that may point out of the bundle: a search, another server, a person or place around."""
    if "?" in target or target.startswith(("http://", "https://")):
        return True
    match = _RELATIVE.match(target)
    return bool(match) and match.group(1) in OUTSIDE_TYPES  # type: ignore[union-attr]


def source_name(entry: Entry, scope: str, text: str) -> str:
    """A name of the resource that is the same at each import: its UUID, its address, or its id within `scope`.

    Without any of these its own characters name it, so that the same resource isn't taken twice. A short id, or
    a "urn:uuid:" that holds no UUID, names nothing outside its own bundle's patient.
    """
    for candidate in (entry.resource_id, entry.full_url.removeprefix("urn:uuid:")):
        known = _uuid(candidate)
        if known:
            return f"{entry.resource_type}/{known}"
    if entry.full_url.startswith(("http://", "https://", "urn:")) and not entry.full_url.startswith("urn:uuid:"):
        return f"{entry.resource_type}|{entry.full_url}"
    own = entry.resource_id or entry.full_url or text[entry.start : entry.end]
    return f"{scope}|{entry.resource_type}/{own}"


def _uuid(text: str) -> str:
    try:
        return str(UUID(text)) if len(text) == 36 else ""
    except ValueError:
        return ""
