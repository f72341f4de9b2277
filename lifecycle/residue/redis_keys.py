"""The cache and Celery's queue: every key of every Redis database the house uses, whatever its type."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from django.conf import settings
from django.core.cache.backends import locmem
from redis import Redis

from lifecycle.residue.databases import ScanIncomplete
from lifecycle.residue.searching import Hit, Search

REDIS: Final = "django.core.cache.backends.redis.RedisCache"
ELSEWHERE: Final = {
    "django.core.cache.backends.dummy.DummyCache",
    "django.core.cache.backends.db.DatabaseCache",  # a table: looked through with the others
}
OF_CACHE: Final = re.compile(rb"^[^:]*:\d+:")
MANY: Final = 1000


def scan_caches(search: Search) -> Iterator[Hit]:
    """Hits in Redis and in this process's own caches. Raises ScanIncomplete for a cache it doesn't know."""
    yield from _in_this_process(search)
    for url in sorted(_servers()):
        with Redis.from_url(url) as server:
            for key in server.scan_iter(count=MANY):
                store = "cache" if OF_CACHE.match(key) else "queue"
                found = search.tokens_in(key) | _tokens_of(server, key, search)
                yield from (Hit(store, key.decode(errors="replace"), token) for token in sorted(found))


def _servers() -> set[str]:
    """Where the queue and the caches are."""
    found = {settings.REDIS_URL}
    for name, cache in settings.CACHES.items():
        backend, location = cache["BACKEND"], cache.get("LOCATION", "")
        if backend == REDIS:
            found |= {location} if isinstance(location, str) else set(location)
        elif backend not in ELSEWHERE and not backend.endswith(".LocMemCache"):
            raise ScanIncomplete(f"the cache {name} ({backend}) can't be looked into: teach lifecycle/residue of it")
    return found


def _tokens_of(server: Any, key: bytes, search: Search) -> set[str]:
    found: set[str] = set()
    for part in _READERS.get(server.type(key), _raw)(server, key):
        found |= search.tokens_in(part)
    return found


def _list(server: Any, key: bytes) -> Iterator[bytes]:
    start = 0
    while some := server.lrange(key, start, start + MANY - 1):
        yield from some
        start += MANY


def _pairs(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for name, value in pairs:
        yield from (name, value)


def _stream(server: Any, key: bytes) -> Iterator[bytes]:
    since = b"-"
    while entries := server.xrange(key, min=since, count=MANY):
        for number, fields in entries:
            yield from _pairs(fields.items())
            since = b"(" + number


def _raw(server: Any, key: bytes) -> Iterator[bytes]:
    """A type of a server's module, or a key that went away meanwhile."""
    yield server.dump(key) or b""


_READERS: Final[dict[bytes, Callable[[Any, bytes], Iterable[bytes]]]] = {
    b"string": lambda server, key: [server.get(key) or b""],
    b"list": _list,
    b"set": lambda server, key: server.sscan_iter(key, count=MANY),
    b"hash": lambda server, key: _pairs(server.hscan_iter(key, count=MANY)),
    b"zset": lambda server, key: (member for member, _score in server.zscan_iter(key, count=MANY)),
    b"stream": _stream,
    b"none": lambda server, key: [],
}


def _in_this_process(search: Search) -> Iterator[Hit]:
    caches: dict[str, dict[str, bytes]] = vars(locmem)["_caches"]
    for name, values in list(caches.items()):
        for key, value in list(values.items()):
            for token in sorted(search.tokens_in(key.encode()) | search.tokens_in(value)):
                yield Hit("cache", f"{name}{key}", token)
