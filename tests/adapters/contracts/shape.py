"""What one operation of an adapter is, and each of its calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from tests.adapters.contracts.stage import Stage

Act = Callable[[], object]
Place = tuple[str | int, ...]
PAYMENT = UUID("0192f000-0000-7000-8000-000000000001")
INTEGRATION = "third_party_integrations"
CONSENT = f"{INTEGRATION}.%s"
ID = "[0-9a-f-]{36}"


@dataclass(frozen=True)
class Step:
    """One call of an operation.

    ``body``: the name of its stored schema, ``form a b`` with its fields, ``bytes``, or nothing. ``key``: its idempotency key, ``*``
    for one that differs. ``again``: may be sent twice. ``reads``: the answer counts, so one that is none is a fault; ``bare``: an
    empty object is an answer too. ``own``: what a status means here, None: that it is done. ``states``: where in the answer a word
    stands that has to be documented.
    """

    method: str
    host: str
    path: str
    carries: str
    body: str = ""
    key: str = ""
    again: bool = False
    reads: bool = True
    bare: bool = False
    own: Mapping[int, type[Exception] | None] = field(default_factory=dict)
    states: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Operation:
    """``function`` below ``adapters``; ``ready`` prepares what it needs there, and gives the act. ``once``: never a second attempt.

    ``since``: the first step to be tried; those before it belong to another row of the table.
    """

    function: str
    ground: str
    ready: Callable[[Stage], Act]
    steps: tuple[Step, ...]
    once: bool = False
    since: int = 0

    @property
    def subprocessor(self) -> str:
        """Whose operation it is."""
        return self.function.partition(".")[0]
