"""The one door out. Everything that leaves over HTTP passes :func:`send`, and nothing passes it without a ground.

In this order, for each attempt: the ground is asked again, the register, the settings, the office's switch and the breaker are;
the line is written into the egress journal; only then a packet leaves; the outcome is written behind it. What stops earlier
leaves no packet (docs/door.md).
"""

import logging
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from django.conf import settings

from adapters import breaker, gates, journal, wire
from adapters.calls import ONE_REQUEST, Answer, AnyCall, Body, Call, Deadline, HealthCall, body_of
from adapters.faults import Broken, Busy, Closed, Fault, Rejected, TimedOut, Unwritten
from adapters.grounds import Ground

__all__ = [
    "Answer",
    "Broken",
    "Busy",
    "Call",
    "Closed",
    "Deadline",
    "Fault",
    "HealthCall",
    "Rejected",
    "TimedOut",
    "Unwritten",
    "send",
]

log = logging.getLogger(__name__)
LONGEST_WAIT: Final = timedelta(days=1)
CODE_NAMES: Final = ("code", "error_code", "errorCode", "name", "error", "type")
CODE: Final = re.compile(r"\d{1,6}|[A-Za-z]{2,30}(?:[_.-][A-Za-z0-9]{1,30}){1,6}")
"""A number, or words joined as machines do: never a name or a number that somebody gave."""
FIRST_PAUSE: Final = 0.2


def send(call: AnyCall, *, ground: Ground, now: datetime, deadline: Deadline = ONE_REQUEST) -> Answer:
    """Send one call on ``ground`` and give the answer (2xx), within ``deadline``, outside any transaction.

    Tried again at most ``deadline.attempts`` times, under the same idempotency key, and only where it can't happen twice.
    Raises ``Refused`` or TypeError without a ground that covers it, :class:`Closed`, :class:`TimedOut`, :class:`Rejected`,
    :class:`Busy`, :class:`Broken`, :class:`Unwritten`.
    """
    began = time.monotonic()
    for attempt in range(1, deadline.attempts + 1):
        passed = time.monotonic() - began
        try:
            return _attempt(call, ground, now + timedelta(seconds=passed), attempt, deadline.seconds - passed)
        except Fault as fault:
            wait = _pause_before_next(fault, call, attempt)
            left = deadline.seconds - (time.monotonic() - began) - (wait or 0)
            if wait is None or wait > deadline.longest_pause or attempt == deadline.attempts or left <= 0:
                raise
            deadline.pause(wait)
    raise ValueError("a call needs an attempt")


def _pause_before_next(fault: Fault, call: AnyCall, attempt: int) -> float | None:
    """Seconds to wait before the same call is sent again; None when it mustn't be."""
    if isinstance(fault, Busy):
        if not call.repeatable:
            return None
        asked = fault.retry_after
        return asked.total_seconds() if asked is not None else FIRST_PAUSE * (1 << attempt)
    if isinstance(fault, TimedOut | Broken) and (call.repeatable or not fault.sent):
        return FIRST_PAUSE * (1 << (attempt - 1))
    return None


def _attempt(call: AnyCall, ground: Ground, now: datetime, attempt: int, seconds: float) -> Answer:
    found, host = gates.known_host(call.subprocessor, call.host, now)
    gates.require_ground(call, ground, found, now)
    body = body_of(call, found, host)
    gates.require_open(call.subprocessor, now)
    asked = _exchange(call, body, seconds)
    line = journal.depart(
        call.subprocessor, call.host, ground=ground, categories=call.categories, bytes_out=len(body.content),
        stand_in=asked.stand_in is not None, now=now, attempt=attempt, outgoing_id=call.outgoing_id,
    )  # fmt: skip
    began = time.monotonic()
    answer: Answer | None = None
    try:
        answer = _answered(call, asked)
        _must_be_good(answer, now)
    except Fault as fault:
        _settle(line, call, fault, answer, now, time.monotonic() - began)
        raise
    _settle(line, call, None, answer, now, time.monotonic() - began)
    return answer


def _settle(
    line: int, call: AnyCall, fault: Fault | None, answer: Answer | None, now: datetime, seconds: float
) -> None:
    """Write the outcome, and tell the breaker."""
    journal.arrive(
        line,
        fault.outcome if fault else "delivered",
        status=answer.status if answer else None,
        bytes_out=0 if isinstance(fault, TimedOut | Broken) and not fault.sent else None,
        bytes_in=len(answer.body) if answer else 0,
        seconds=seconds,
    )
    if isinstance(fault, TimedOut | Broken):
        breaker.failed(call.subprocessor, now + timedelta(seconds=seconds))
    elif not isinstance(fault, Busy):
        breaker.succeeded(call.subprocessor)
    if fault:
        log.warning("egress %s to %s: %s", line, call.subprocessor, fault.outcome)


def _exchange(call: AnyCall, body: Body, seconds: float) -> wire.Exchange:
    """The request as it goes over the wire: to the provider, or in its name to the stand-in of this machine."""
    headers = {"User-Agent": "PratiConnect", **call.headers}
    if body.media_type:
        headers.setdefault("Content-Type", body.media_type)
    if call.idempotency_key:
        headers.setdefault("Idempotency-Key", call.idempotency_key)
    url = f"{call.url}?{urlencode(call.query)}" if call.query else call.url
    stand_in = _stand_in()
    if stand_in:
        url = "http" + url.removeprefix("https")
    return wire.Exchange(call.method, url, headers, body.content, seconds, call.cap, stand_in, call.silence)


def _stand_in() -> tuple[str, int] | None:
    """Where the stand-ins listen; the settings let them be named outside production only."""
    parts = urlsplit(settings.STAND_INS)
    return (parts.hostname or "", parts.port or 80) if settings.STAND_INS and not settings.PRODUCTION else None


def _answered(call: AnyCall, asked: wire.Exchange) -> Answer:
    """What came back, faults of the wire by their kind; their words are dropped, since they name addresses."""
    who = call.subprocessor
    try:
        received = wire.exchange(asked)
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise TimedOut(who, "connecting", sent=False) from None
    except httpx.TimeoutException:
        raise TimedOut(who, "answering", sent=True) from None
    except (httpx.ConnectError, httpx.UnsupportedProtocol):
        raise Broken(who, "no connection", sent=False) from None
    except httpx.HTTPError:
        raise Broken(who, "the connection broke", sent=True) from None
    except wire.TooLong:
        raise Broken(who, "its answer is too large", sent=True) from None
    except wire.Encoded:
        raise Broken(who, "its answer is compressed", sent=True) from None
    return Answer(who, received.status, received.headers, received.body)


def _must_be_good(answer: Answer, now: datetime) -> None:
    """Raises the fault that a status means; 2xx is good."""
    waits = answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers)
    if waits:
        raise Busy(answer.subprocessor, answer.status, retry_after(answer.headers.get("retry-after", ""), now))
    if answer.status >= 500 or answer.status < 200:
        raise Broken(answer.subprocessor, f"status {answer.status}", sent=True, status=answer.status)
    if answer.status >= 300:
        raise Rejected(answer.subprocessor, answer, _code(answer))


def retry_after(said: str, now: datetime) -> timedelta | None:
    """A Retry-After in seconds or as a date (RFC 9110, 10.2.3), a day at most; None for anything else."""
    said = said.strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        return min(timedelta(seconds=int(said)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST_WAIT)


def _code(answer: Answer) -> str:
    """The provider's short word for what is wrong; never a sentence, which may quote what was sent."""
    try:
        said: Any = answer.json()
    except Broken:
        return ""
    for _depth in range(2):
        if not isinstance(said, dict):
            return ""
        for name in CODE_NAMES:
            if isinstance(value := said.get(name), str | int) and CODE.fullmatch(str(value)):
                return str(value)
        said = said.get("error")
    return ""
