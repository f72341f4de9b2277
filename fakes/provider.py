"""A provider that is played: its hosts, its routes, what it keeps in mind, and what it tells the product by itself."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any, ClassVar, Final, TypeVar

from fakes import schemas
from fakes.wire import Asked, Reply, Wrong, in_json

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
KEPT: Final = 1000
"""How many requests and notices are kept; the count goes on."""

Method = TypeVar("Method", bound=Callable[..., Reply])


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: ``POST /emails/{id}``. ``takes`` is the content type of its body, ``body`` names its schema."""

    method: str
    path: str
    takes: str | None = None
    body: str | None = None
    query: frozenset[str] = frozenset()
    host: str = ""
    """Of a provider with several hosts: the one it is found at; any of them when empty."""
    open: bool = False
    """Needs no credentials."""
    name: str = ""

    def matches(self, path: str) -> dict[str, str] | None:
        """The variable parts of ``path``; None when it is another's."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


@dataclass(slots=True)
class Trouble:
    """What goes wrong with the next call. ``after``: it is done all the same, and the answer is what suffers.

    ``status``, ``body`` and ``headers`` take the answer's place; ``delay`` waits so many seconds; ``truncate`` cuts the body after so many
    bytes, having announced it whole; ``close`` ends the connection without an answer.
    """

    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    close: bool = False
    truncate: int | None = None
    after: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider tells the product: ``path`` below the product's address."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def api(
    method: str, path: str, *, body: str | None = None, takes: str | None = None, query: Iterable[str] = (),
    host: str = "", open: bool = False,
) -> Callable[[Method], Method]:  # fmt: skip
    """Have a method answer an operation. ``body`` names a schema in ``schemas/KEY/``, and makes it take JSON."""
    kind = takes or (JSON if body else None)
    return _mark("_api", Route(method, path, kind, body, frozenset(query), host, open))


def page(method: str, path: str) -> Callable[[Method], Method]:
    """Have a method answer a person's page at ``/KEY/…`` of this machine."""
    return _mark("_page", Route(method, path, FORM if method == "POST" else None, open=True))


def _mark(where: str, route: Route) -> Callable[[Method], Method]:
    def note(method: Method) -> Method:
        setattr(method, where, [*getattr(method, where, []), route])
        return method

    return note


class Provider:
    """Derive one per provider: ``key``, ``hosts``, :meth:`fresh`, :meth:`authorise`, :meth:`refuse`, and methods marked with
    :func:`api` and :func:`page`. Methods run one at a time.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]
    home: ClassVar[str] = ""
    """The page a person begins at, below ``/KEY/``; empty if it has none."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.deliver: Callable[[Notice], None] = lambda notice: None
        self.product = ""
        """Where the product is, as a person's browser reaches it; empty when nobody listens."""
        self.here = ""
        """Where these pages are, as a person's browser reaches them."""
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self.count = 0
            self.calls: list[Asked] = []
            self.notices: list[Notice] = []
            self.troubles: list[Trouble] = []
            self.fresh()

    def fresh(self) -> None:
        """Make what it keeps in mind; called at the start and at each reset."""

    def authorise(self, asked: Asked, route: Route) -> None:
        """Look at the credentials. Raises :class:`Wrong`, kind ``auth``."""
        raise NotImplementedError

    def refuse(self, wrong: Wrong) -> Reply:
        """Say what is wrong as this provider does."""
        return in_json(wrong.status, {"error": wrong.kind, "message": wrong.words})

    @property
    def now(self) -> datetime:
        """The provider's own clock."""
        return self.clock()

    def made_up(self, name: str) -> str:
        """The credential ``name`` as the product makes it up when it speaks to stand-ins."""
        return f"stand-in-{name.lower()}"

    def fail_next(self, **trouble: Any) -> None:
        """Have the next call go wrong; several wait in line. Raises TypeError for a trouble that doesn't exist."""
        with self.lock:
            self.troubles.append(Trouble(**trouble))

    def notify(self, path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> Notice:
        """Tell the product; kept, so that a test can bring it itself."""
        notice = Notice(method, path, headers, body)
        self.notices = [*self.notices, notice][-KEPT:]
        self.deliver(notice)
        return notice

    def called(self, asked: Asked) -> Trouble | None:
        """Count a request, and say what is to go wrong with it."""
        with self.lock:
            self.count += 1
            self.calls = [*self.calls, asked][-KEPT:]
            return self.troubles.pop(0) if self.troubles else None

    def answer(self, asked: Asked) -> Reply:
        """What this provider answers to a call."""
        with self.lock:
            try:
                return self._operate(asked)
            except Wrong as wrong:
                return self.refuse(wrong)

    def show(self, asked: Asked) -> Reply | None:
        """What a person sees; None when there is no such page."""
        with self.lock:
            try:
                for route, method in self._marked("_page"):
                    params = route.matches(asked.path)
                    if params is not None and route.method == asked.method:
                        return method(_with(asked, params))
            except Wrong as wrong:
                return Reply(wrong.status, wrong.words.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        return None

    def _operate(self, asked: Asked) -> Reply:
        found = [
            (route, method, params)
            for route, method in self._marked("_api")
            if (not route.host or route.host == asked.host) and (params := route.matches(asked.path)) is not None
        ]
        if not found:
            raise Wrong("path", 404, f"there is no {asked.path}")
        for route, method, params in found:
            if route.method == asked.method:
                self._check(route, asked)
                return method(_with(asked, params))
        raise Wrong("method", 405, f"{asked.path} doesn't take {asked.method}")

    def _check(self, route: Route, asked: Asked) -> None:
        """Everything that can be said before the operation itself. Raises :class:`Wrong`."""
        if not route.open:
            self.authorise(asked, route)
        if unknown := sorted(set(asked.query) - route.query):
            raise Wrong("query", 400, f"unknown in the query: {', '.join(unknown)}")
        if route.takes and asked.media_type != route.takes:
            raise Wrong("media", 415, f"the content type has to be {route.takes}")
        if route.takes is None and asked.body:
            raise Wrong("media", 400, f"{asked.method} {asked.path} takes no body")
        if route.body:
            schemas.check(self.key, route.body, asked.json())

    def _marked(self, where: str) -> list[tuple[Route, Callable[[Asked], Reply]]]:
        """The methods with their routes; a path without variable parts goes before one that has some."""
        found = [
            (route, getattr(self, name))
            for name in dir(type(self))
            for route in getattr(getattr(type(self), name), where, ())
        ]
        return sorted(found, key=lambda each: each[0].path.count("{"))


def _with(asked: Asked, params: dict[str, str]) -> Asked:
    return Asked(asked.method, asked.host, asked.path, asked.query, asked.headers, asked.body, params)
