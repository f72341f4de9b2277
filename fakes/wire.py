"""What a provider is asked and what it answers: requests, replies, and the ways in which a request can be wrong."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

Kind = Literal["path", "method", "auth", "query", "media", "json", "schema", "conflict", "missing", "refused"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Names of headers in lower case; ``params`` are the variable parts of the path."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON. Raises :class:`Wrong`."""
        try:
            return json.loads(self.body)
        except ValueError as broken:
            raise Wrong("json", 400, f"the body is no JSON: {broken}") from broken

    def form(self) -> dict[str, str]:
        """The body as a form; of a name that comes twice, the last."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body, to be looked at."""
        return self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Wrong(Exception):
    """The request isn't what the provider takes. The provider says it in a shape of its own (``Provider.refuse``)."""

    def __init__(self, kind: Kind, status: int, words: str, code: str = "") -> None:
        super().__init__(words)
        self.kind, self.status, self.words, self.code = kind, status, words, code


def in_json(status: int, value: Any, **headers: str) -> Reply:
    """An answer in JSON; ``_`` in a header's name stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8", **named})


def see_other(location: str) -> Reply:
    """A page's answer to a form: look there now."""
    return Reply(303, b"", {"Location": location})
