"""The whole URL map of the house, walked: names, and what each needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Page:
    """One address: its full name ("records:file") and the arguments it takes."""

    name: str
    arguments: frozenset[str]


def pages(*, office: bool = False) -> list[Page]:
    """Every named address, the admin's own aside unless asked for; unnamed ones come with an empty name."""
    found = set(_walk(get_resolver().url_patterns, (), frozenset()))
    return sorted((p for p in found if office or not p.name.startswith("admin:")), key=lambda p: p.name)


def _walk(entries: list[URLPattern | URLResolver], spaces: tuple[str, ...], given: frozenset[str]) -> Iterator[Page]:
    for entry in entries:
        taken = given | frozenset(entry.pattern.converters) | frozenset(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _walk(entry.url_patterns, inner, taken)
        else:
            yield Page(":".join((*spaces, entry.name or "")), taken)
