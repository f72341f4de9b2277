"""Events that didn't prove their sender: counted by the day in the cache and kept nowhere, since anybody may send one."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache

from privacy.clocks import legal_day

DAYS: Final = 7
_KEPT: Final = int(timedelta(days=DAYS + 1).total_seconds())
_log = logging.getLogger(__name__)


def note(subprocessor: str, now: datetime) -> None:
    """One more. The answer to the sender is the same whether or not it can be counted."""
    key = _key(subprocessor, now)
    try:
        cache.add(key, 0, _KEPT)
        cache.incr(key)
    except Exception as error:  # noqa: BLE001 - whatever the cache has, the event is refused all the same
        _log.warning("a refused event for %s isn't counted: %s", subprocessor, type(error).__name__)


def of_a_week(subprocessors: Iterable[str], now: datetime) -> dict[str, int] | None:
    """How many came in seven days, today among them, by service; None when nobody can say."""
    keys = {_key(one, now - timedelta(days=back)): one for one in subprocessors for back in range(DAYS)}
    try:
        counted: dict[str, int] = cache.get_many(keys)
    except Exception as error:  # noqa: BLE001 - the office's page has to open while the cache is away
        _log.warning("refused events can't be counted: %s", type(error).__name__)
        return None
    found = dict.fromkeys(keys.values(), 0)
    for key, number in counted.items():
        found[keys[key]] += number
    return found


def _key(subprocessor: str, now: datetime) -> str:
    return f"hooks-unproven:{subprocessor}:{legal_day(now)}"
