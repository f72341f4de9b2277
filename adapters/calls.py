"""One call out and its answer: what is asked of whom, with data of which categories. Neither prints what it holds."""

import json as jsonlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Union
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings

from adapters.content import HealthText, Plain, must_carry_health, opened_towards
from adapters.faults import Broken
from adapters.grounds import NoGround
from privacy.declare import Category
from privacy.payers import Payer
from privacy.refusals import Refusal
from privacy.subprocessors import Host, Subprocessor

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Json = Union[None, bool, int, float, str, HealthText, Plain, Sequence["Json"], Mapping[str, "Json"]]  # noqa: UP007 - it names itself
MIB: Final = 1024 * 1024
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be sent twice by their own meaning (RFC 9110, 9.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked of one subprocessor. ``url`` is the provider's real one, without a query; the door finds a stand-in's.

    ``categories`` says which data is in it, for the journal and the ground. At most one of ``json``, ``form``, ``content``.
    ``cap`` bounds the answer's size in bytes, ``silence`` the seconds until a first byte of it, within the deadline. Raises ValueError for what could never be right.
    """

    subprocessor: str
    method: Method
    url: str
    categories: frozenset[Category]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str | int | Plain | HealthText] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    idempotency_key: str = ""
    outgoing_id: UUID | None = None
    cap: int = 2 * MIB
    silence: float = 10.0

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.json, self.form, self.content)) > 1:
            raise ValueError("a call has one body: json, form or content")
        parts = urlsplit(self.url)
        if parts.scheme != "https" or parts.query or parts.fragment or parts.username or parts.port:
            raise ValueError("the address of a call is https://host/path; what it asks goes into query")
        said = f"{self.url}?{urlencode(self.query)}"
        if any(secret in said for secret in secrets_of(self.subprocessor)):
            raise ValueError("a secret never stands in an address: put it into a header or the body")

    @property
    def host(self) -> str:
        """The host it is for."""
        return urlsplit(self.url).hostname or ""

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent twice: by its method, or because the provider knows it again by its key."""
        return self.method in IDEMPOTENT or bool(self.idempotency_key)


def credentials_of(subprocessor: str) -> Mapping[str, str]:
    """The settings of an adapter by their names, empty where they aren't set."""
    block: Mapping[str, Any] = settings.ADAPTERS.get(subprocessor, {"credentials": {}})
    found: Mapping[str, str] = block["credentials"]
    return found


def secrets_of(subprocessor: str) -> list[str]:
    """The configured credentials of an adapter; where it is found is set beside them, and no secret."""
    return [value for name, value in credentials_of(subprocessor).items() if value and not name.endswith("_URL")]


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a call may take in all, in seconds, with how many attempts; ``pause`` waits between them.

    The default suits a web request. What needs more patience goes into the outbox, which tries again minutes later.
    """

    seconds: float = 15.0
    attempts: int = 2
    longest_pause: float = 1.0
    pause: Callable[[float], None] = time.sleep


ONE_REQUEST: Final = Deadline()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``headers`` in lower case."""

    subprocessor: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON. Raises :class:`Broken` when it isn't."""
        try:
            return jsonlib.loads(self.body)
        except ValueError as broken:
            raise Broken(self.subprocessor, "its JSON is broken", sent=True, status=self.status) from broken


@dataclass(frozen=True, slots=True)
class Body:
    """What goes over the wire."""

    content: bytes = field(repr=False)
    media_type: str = ""


def body_of(call: Call, entry: Subprocessor | Payer, host: Host) -> Body:
    """The bytes of a call towards ``host``. Raises :class:`NoGround` for health content that may not go there."""
    if Category.HEALTH in call.categories:
        must_carry_health(host, may_carry_health=entry.may_carry_health)

    def plain(value: Any) -> Any:
        if isinstance(value, HealthText):
            if Category.HEALTH not in call.categories:
                raise NoGround(Refusal("undeclared_health", "Health content has to be declared as such."))
            return opened_towards(value, host, may_carry_health=entry.may_carry_health)
        if isinstance(value, Plain):
            return str(value)
        if isinstance(value, Mapping):
            return {name: plain(one) for name, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    if call.json is not None:
        return Body(jsonlib.dumps(plain(call.json), ensure_ascii=False).encode(), "application/json")
    if call.form is not None:
        return Body(urlencode(plain(call.form)).encode(), "application/x-www-form-urlencoded")
    return Body(call.content or b"", "application/octet-stream" if call.content else "")
