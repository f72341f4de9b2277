"""What every adapter's contract test asks (ecosystem 7.3), as tables: how a provider can fail, and what comes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.door import Broken, Busy, Fault, Rejected, TimedOut

Calls = Callable[[], object]

FAILURES: list[tuple[dict[str, Any], type[Fault]]] = [
    *(({"status": status, "body": {"name": "some_error", "message": "ada@example.org"}}, Rejected) for status in (400, 401, 402, 403, 404, 410, 422)),
    ({"status": 429, "headers": {"Retry-After": "30"}}, Busy),
    ({"status": 503, "headers": {"Retry-After": "30"}}, Busy),
    ({"status": 302, "headers": {"Location": "http://127.0.0.1/"}}, Rejected),
    ({"truncate": 3}, Broken),
    ({"close": True}, Broken),
]  # fmt: skip
"""What a test tells the next call to do, and the fault that it has to become."""


def names(value: Any) -> str:
    """The id of a row."""
    return str(value) if isinstance(value, dict) else value.__name__


def fails(provider: Any, trouble: dict[str, Any], fault: type[Fault], call: Calls, *, times: int = 2) -> Fault:
    """The fault that came of a trouble. It says nothing of what was sent or answered."""
    for _time in range(times):
        provider.fail_next(**trouble)
    with pytest.raises(fault) as raised:
        call()
    assert "ada" not in str(raised.value)
    assert not isinstance(raised.value, TimedOut) or raised.value.sent
    return raised.value
