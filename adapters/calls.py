"""One call out and its answer: what is asked of whom, with data of which categories. Neither prints what it holds.

A :class:`Call` has no place for health content, and mypy says so where it is written; a :class:`HealthCall` has, and goes to the services
named in :data:`HealthService` alone (tests/adapters/refused_by_types.py). The door asks both again when they leave.
"""

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
from vault.unsealed import Unsealed, holds_unsealed

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
HealthService = Literal["mistral", "assemblyai"]
"""Who may be sent words about health; each in the register with hosts in the EEA that may carry them."""
Json = Union[None, bool, int, float, str, Plain, Sequence["Json"], Mapping[str, "Json"]]  # noqa: UP007 - it names itself
HealthJson = Union[Json, HealthText, Sequence["HealthJson"], Mapping[str, "HealthJson"]]  # noqa: UP007 - it names itself
MIB: Final = 1024 * 1024
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be sent twice by their own meaning (RFC 9110, 9.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What both kinds of call have."""

    subprocessor: str
    method: Method
    url: str
    categories: frozenset[Category]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    json: HealthJson = field(default=None, repr=False)
    form: Mapping[str, str | int | Plain] | None = field(default=None, repr=False)
    idempotency_key: str = ""
    outgoing_id: UUID | None = None
    cap: int = 2 * MIB
    silence: float = 10.0

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.json, self.form, self.raw)) > 1:
            raise ValueError("a call has one body: json, form or content")
        if holds_unsealed((self.url, self.headers, self.query)):
            raise TypeError("words of a patient's file stand in no address and no header")
        parts = urlsplit(self.url)
        if parts.scheme != "https" or parts.query or parts.fragment or parts.username or parts.port:
            raise ValueError("the address of a call is https://host/path; what it asks goes into query")
        said = f"{self.url}?{urlencode(self.query)}"
        if any(secret in said for secret in secrets_of(self.subprocessor)):
            raise ValueError("a secret never stands in an address: put it into a header or the body")

    @property
    def raw(self) -> bytes | None:
        """A body of bytes, where it has one."""
        return None

    @property
    def host(self) -> str:
        """The host it is for."""
        return urlsplit(self.url).hostname or ""

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent twice: by its method, or because the provider knows it again by its key."""
        return self.method in IDEMPOTENT or bool(self.idempotency_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(_Asked):
    """What is asked of one subprocessor. ``url`` is the provider's real one, without a query; the door finds a stand-in's.

    ``categories`` says which data is in it, for the journal and the ground. At most one of ``json`` and ``form``; no bytes, which
    could be anything. ``cap`` bounds the answer's size in bytes, ``silence`` the seconds until a first byte of it, within the
    deadline. Raises ValueError for what could never be right, TypeError for words of a file in an address or a header.
    """

    json: Json = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCall(_Asked):
    """The same of a service that may be sent words about health, or a sound."""

    subprocessor: HealthService
    content: bytes | None = field(default=None, repr=False)

    @property
    def raw(self) -> bytes | None:
        """Such as a visit's sound."""
        return self.content


AnyCall = Call | HealthCall


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


def body_of(call: AnyCall, entry: Subprocessor | Payer, host: Host) -> Body:
    """The bytes of a call towards ``host``. Raises :class:`NoGround` for health content that may not go there, however deep it stands."""
    if Category.HEALTH in call.categories:
        must_carry_health(host, may_carry_health=entry.may_carry_health)

    def plain(value: Any) -> Any:
        if isinstance(value, HealthText | Unsealed):
            if Category.HEALTH not in call.categories or not isinstance(call, HealthCall):
                raise NoGround(Refusal("undeclared_health", "Health content has to be declared as such."))
            said = value if isinstance(value, HealthText) else HealthText(value)
            return opened_towards(said, host, may_carry_health=entry.may_carry_health)
        if isinstance(value, Plain):
            return str(value)
        if isinstance(value, Mapping):
            return {plain(name): plain(one) for name, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    if call.json is not None:
        return Body(jsonlib.dumps(plain(call.json), ensure_ascii=False).encode(), "application/json")
    if call.form is not None:
        return Body(urlencode(plain(call.form)).encode(), "application/x-www-form-urlencoded")
    return Body(call.raw or b"", "application/octet-stream" if call.raw else "")
