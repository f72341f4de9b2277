"""Signs as the subprocessors do, from their descriptions: shares nothing with what verifies."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"a secret of the test's own").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret altogether").decode()


def seconds(now: datetime) -> int:
    return int(now.timestamp())


def svix(body: bytes, now: datetime, secret: str = SECRET, event: str = "msg_1") -> dict[str, str]:
    key = base64.b64decode(secret.split("_", 1)[1])
    digest = hmac.new(key, f"{event}.{seconds(now)}.".encode() + body, hashlib.sha256).digest()
    return {
        "svix-id": event,
        "svix-timestamp": str(seconds(now)),
        "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def timestamped(body: bytes, now: datetime, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"{seconds(now)}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-scell-signature": f"t={seconds(now)},v1={digest}"}


def bare(body: bytes, now: datetime, secret: str = SECRET) -> dict[str, str]:
    """The other way round that a page of theirs shows: the body without its moment. Never right."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-scell-signature": f"t={seconds(now)},v1={digest}"}


def jwt(body: bytes, now: datetime, secret: str = SECRET, **claims: Any) -> dict[str, str]:
    said = {
        "iss": "key1", "nbf": seconds(now), "exp": seconds(now) + 300,
        "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(), **claims,
    }  # fmt: skip
    alg = said.pop("alg", "HS256")
    parts = [_url(json.dumps(part).encode()) for part in ({"alg": alg, "typ": "JWT"}, said)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return {"authorization": ".".join([*parts, _url(signature)])}


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
