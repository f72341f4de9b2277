"""How a provider can fail (ecosystem 7.3, items 2 and 3), and what each failure has to become, whatever the operation."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

import httpcore
import pytest

from adapters import door, wire
from adapters.door import Broken, Busy, Fault, Rejected, TimedOut
from adapters.reading import Misunderstood
from tests.adapters.contracts.shape import Operation, Place, Step
from tests.adapters.contracts.stage import EMAIL, SAID_BACK
from tests.records.factories import NOW

WORDS = {"name": "some_error", "message": f"{EMAIL} {SAID_BACK}"}
WAIT = timedelta(seconds=30)
ELSEWHERE = "https://api.resend.com/elsewhere"
Found = tuple[str, int, str, int | None]
"""What came of it: the fault's name (``done`` without one), attempts, the journal's outcome and status of the last."""


@dataclass(frozen=True)
class Trouble:
    """``play``: what the stand-in is told, for every attempt. ``spent``: how many attempts it takes."""

    play: dict[str, Any]
    fault: type[Exception]
    spent: Callable[[Operation, Step], int]
    outcome: str
    status: int | None = None
    wait: timedelta | None = None
    answered: bool = False
    """The answer came whole, so that only an operation that reads it notices."""
    bare: bool = False
    """An empty object, which some operations take for an answer."""
    around: Callable[[pytest.MonkeyPatch, int], None] = field(default=lambda patch, before: None)
    """What is changed here, after so many calls that go well."""


def at_once(operation: Operation, step: Step) -> int:
    """Never tried again."""
    return 1


def if_safe(operation: Operation, step: Step) -> int:
    """Again where it can't happen twice."""
    return 2 if step.again and not operation.once else 1


def if_unsent(operation: Operation, step: Step) -> int:
    """Again wherever there is a second attempt: nothing had left."""
    return 1 if operation.once else 2


def refused(status: int) -> Trouble:
    return Trouble({"status": status, "body": WORDS}, Rejected, at_once, "rejected", status)


def busy(status: int, retry_after: str, spent: Any = at_once, wait: timedelta | None = WAIT) -> Trouble:
    play = {"status": status, "body": WORDS, "headers": {"Retry-After": retry_after}}
    return Trouble(play, Busy, spent, "busy", status, wait)


def broken(play: dict[str, Any], status: int | None = None) -> Trouble:
    return Trouble(play, Broken, if_safe, "broken", status)


def odd(body: Any, **more: Any) -> Trouble:
    play = {"status": 200, "body": body if isinstance(body, str) else json.dumps(body), **more}
    return Trouble(play, Fault, at_once, "delivered", 200, answered=True, bare=body == {})


def after(before: int, usual: Callable[..., Any], other: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does as usual so many times, and then otherwise."""
    done = count()
    return lambda *given, **named: (usual if next(done) < before else other)(*given, **named)


def short_of_time(patch: pytest.MonkeyPatch, before: int) -> None:
    """Nobody waits ten seconds for a first byte here."""
    whole = wire.exchange
    patch.setattr(wire, "exchange", after(before, whole, lambda asked: whole(replace(asked, silence=0.02))))


def unanswered(patch: pytest.MonkeyPatch, before: int) -> None:
    """Nobody takes the call."""

    def ring(*_asked: object, **_how: object) -> None:
        raise httpcore.ConnectTimeout(EMAIL)

    dial = after(before, wire._Network.connect_tcp, ring)
    patch.setattr(wire._Network, "connect_tcp", lambda self, *asked, **how: dial(self, *asked, **how))


def nobody_there(patch: pytest.MonkeyPatch, before: int) -> None:
    """A port that is closed."""
    patch.setattr(door, "_stand_in", after(before, door._stand_in, lambda: ("127.0.0.1", 1)))


TROUBLES: dict[str, Trouble] = {
    **{str(status): refused(status) for status in (400, 401, 402, 403, 404, 409, 410, 422)},
    "429 in seconds": busy(429, "30"),
    "429 on a date": busy(429, format_datetime(NOW + WAIT, usegmt=True)),
    "429 at once": busy(429, "0", if_safe, timedelta()),
    "429 without a word": busy(429, "", if_safe, None),
    "503 in seconds": busy(503, "30"),
    "500": broken({"status": 500, "body": WORDS}, 500),
    "503": broken({"status": 503, "body": WORDS}, 503),
    "silent": Trouble({"delay": 2.0}, TimedOut, if_safe, "timed_out", around=short_of_time),
    "unanswered": Trouble({}, TimedOut, if_unsent, "timed_out", around=unanswered),
    "nobody there": Trouble({}, Broken, if_unsent, "broken", around=nobody_there),
    "cut": broken({"close": True}),
    "cut when it was done": broken({"close": True, "after": True}),
    "cut short": broken({"status": 200, "body": WORDS, "truncate": 5}),
    "giant": broken({"status": 200, "body": b" " * (10 * 1024 * 1024 + 1)}),
    "compressed": broken({"status": 200, "body": "{}", "headers": {"Content-Encoding": "gzip"}}),
    "elsewhere": Trouble({"status": 302, "headers": {"Location": ELSEWHERE}}, Rejected, at_once, "rejected", 302),
    "half a JSON": odd(f'{{"id": "{SAID_BACK}'),
    "a page": odd(f"<html>{SAID_BACK}</html>", headers={"Content-Type": "text/html"}),
    "a list": odd([]),
    "a word": odd(SAID_BACK),
    "nothing": odd(None),
    "an empty object": odd({}),
}


def unknown(good: bytes, place: Place) -> Trouble:
    """The answer as it was, but for one word that nobody documents."""
    said = json.loads(good)
    held = said
    for part in place[:-1]:
        held = held[part]
    assert place[-1] in held, f"no {place} in {said}"
    held[place[-1]] = SAID_BACK
    return odd(said)


SELDOM = {
    "400", "402", "410", "429 without a word", "503 in seconds", "503", "unanswered", "nobody there", "cut when it was done", "compressed",
    "a word", "nothing",
}  # fmt: skip
"""Tried on the first operation of a service, and where such a status has a meaning of its own: for the others the like is tried."""


def troubles_of(step: Step, *, first: bool) -> dict[str, Trouble]:
    """What is tried on a step."""
    own = {str(status) for status in step.own}
    return {name: trouble for name, trouble in TROUBLES.items() if first or name not in SELDOM or name in own}


def expected(trouble: Trouble, operation: Operation, step: Step) -> Found:
    """What has to come of a trouble."""
    fault: type[Exception] | None = trouble.fault
    if trouble.fault is Rejected and trouble.status in step.own:
        fault = step.own[trouble.status]
    elif trouble.answered and (not step.reads or (trouble.bare and step.bare)):
        fault = None
    return (fault.__name__ if fault else "done", trouble.spent(operation, step), trouble.outcome, trouble.status)


def named(fault: Exception | None, trouble: Trouble) -> str:
    """The fault's name; an answer that can't be used may be :class:`Broken` or :class:`Misunderstood`."""
    if trouble.answered and isinstance(fault, Broken | Misunderstood):
        return Fault.__name__
    return type(fault).__name__ if fault else "done"


@contextmanager
def played(trouble: Trouble, provider: Any, before: int, times: int) -> Iterator[None]:
    """So many calls go well, then the trouble comes so many times."""
    for _call in range(before):
        provider.fail_next()
    for _time in range(times):
        provider.fail_next(**trouble.play)
    with pytest.MonkeyPatch.context() as patch:
        trouble.around(patch, before)
        yield
    if "delay" in trouble.play:
        _all_arrived(provider)
    provider.troubles.clear()


def _all_arrived(provider: Any) -> None:
    """Whoever waits 20 ms for an answer may be gone before a busy machine has read what they asked."""
    until = time.monotonic() + 10
    while provider.troubles and time.monotonic() < until:
        time.sleep(0.002)


@contextmanager
def unhurried() -> Iterator[None]:
    """No pause between attempts: how long they are is looked at in test_door."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "FIRST_PAUSE", 0.0)
        yield


def asks(fault: Exception | None) -> timedelta | None:
    """How long a busy provider asked to wait, to the second: some microseconds have passed since it was asked."""
    waits = fault.retry_after if isinstance(fault, Busy) else None
    return waits and timedelta(seconds=round(waits.total_seconds()))
