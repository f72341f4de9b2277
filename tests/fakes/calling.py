"""Asks the stand-ins over HTTP, as anybody would."""

import json
from http.client import HTTPConnection
from typing import Any

from fakes.server import Fakes

HOST = "api.tested.example"


def ask(served: Fakes, method: str, target: str, body: Any = None, host: str = HOST, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", int(served.url.rpartition(":")[2]), timeout=5)
    said = {
        "Host": host,
        "Authorization": "Bearer stand-in-tested_key",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    raw = None if body is None else json.dumps(body).encode()
    if raw is not None:
        said.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, target, raw, said)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    return answer.status, json.loads(text) if text.startswith(("{", "[")) else text


def here(served: Fakes) -> str:
    return served.url.removeprefix("http://")
