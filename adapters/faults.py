"""What can go wrong on the way out, by kind, so that a caller says what to do without reading a provider's words.

A fault never holds what was sent or answered: its text may stand in a log. What a provider said is in ``Rejected.answer``.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from adapters.calls import Answer

Gate = Literal["register", "setting", "credentials", "office", "breaker"]


class Fault(Exception):
    """A call out that didn't do what it was for. ``again``: the same call may succeed later."""

    outcome = "broken"
    again = True

    def __init__(self, subprocessor: str, words: str) -> None:
        super().__init__(f"{subprocessor}: {words}")
        self.subprocessor = subprocessor


class Closed(Fault):
    """Nothing left: this way is closed, by the register, a setting, the office, or the breaker until ``until``."""

    outcome = "closed"

    def __init__(self, subprocessor: str, gate: Gate, words: str, until: datetime | None = None) -> None:
        super().__init__(subprocessor, words)
        self.gate, self.words, self.until = gate, words, until


class TimedOut(Fault):
    """No answer in time. ``sent``: the request may have arrived, so only an idempotent one is tried again."""

    outcome = "timed_out"

    def __init__(self, subprocessor: str, phase: str, *, sent: bool) -> None:
        super().__init__(subprocessor, f"no answer in time ({phase})")
        self.phase, self.sent = phase, sent


class Broken(Fault):
    """No usable answer: no connection, a body cut short or too large, broken JSON, or a server's own fault (5xx)."""

    outcome = "broken"

    def __init__(self, subprocessor: str, why: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(subprocessor, f"no usable answer ({why})")
        self.why, self.sent, self.status = why, sent, status


class Busy(Fault):
    """The provider asks to wait (429, or 503 with a Retry-After): ``retry_after`` from now, None if it didn't say."""

    outcome = "busy"

    def __init__(self, subprocessor: str, status: int, retry_after: timedelta | None) -> None:
        super().__init__(subprocessor, f"asked us to wait (status {status})")
        self.status, self.retry_after = status, retry_after


NOT_LET_IN: Final = frozenset({401, 403})


class Rejected(Fault):
    """The provider refuses this call (3xx, 4xx): trying it again as it is changes nothing.

    Unless it is us that it doesn't let in (401, 403): a key that was changed or isn't valid for an hour loses no message. ``code`` is its short machine word, empty if it gave none; ``answer`` is what it said, for the adapter alone.
    """

    outcome = "rejected"

    def __init__(self, subprocessor: str, answer: "Answer", code: str) -> None:
        super().__init__(subprocessor, f"refused it (status {answer.status}{f', {code}' if code else ''})")
        self.again = answer.status in NOT_LET_IN
        self.status, self.code, self.answer = answer.status, code, answer


class Unwritten(Fault):
    """The journal couldn't be written, so nothing left: evidence comes first."""

    outcome = "unwritten"

    def __init__(self, subprocessor: str) -> None:
        super().__init__(subprocessor, "the egress journal couldn't be written, so nothing was sent")
