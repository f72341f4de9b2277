"""The two requests to S3 that the launcher makes itself, signed (SigV4) with the standard library: a bucket, and its versions."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from datetime import UTC, datetime

REGION = "fr-par"
VERSIONED = (
    b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Status>Enabled</Status></VersioningConfiguration>"
)
SECONDS = 5
OURS_ALREADY = "BucketAlreadyOwnedByYou"


class NotYet(Exception):
    """The server isn't ready, with its words."""


def make(port: int, name: str, key: str, secret: str) -> None:
    """A bucket that keeps versions; one that is there stays as it is. Raises NotYet and OSError."""
    _put(port, f"/{name}", "", b"", (key, secret))
    _put(port, f"/{name}", "versioning=", VERSIONED, (key, secret))


def must_take_objects(master: int, name: str) -> None:
    """Raises NotYet and OSError unless the server could give an object of this bucket a place now."""
    status, said = _ask("GET", master, f"/dir/assign?collection={name}", b"", {})
    if status != 200 or "fid" not in json.loads(said or b"{}"):
        raise NotYet(said.decode(errors="replace"))


def _put(port: int, path: str, query: str, body: bytes, login: tuple[str, str]) -> None:
    headers = signed("PUT", f"127.0.0.1:{port}", path, query, body, login, datetime.now(UTC))
    status, said = _ask("PUT", port, f"{path}?{query}" if query else path, body, headers)
    if status != 200 and OURS_ALREADY.encode() not in said:
        raise NotYet(f"{status} {said.decode(errors='replace')}")


def _ask(method: str, port: int, target: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        wire.request(method, target, body, dict(headers))
        answer = wire.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as broken:
        raise NotYet(str(broken)) from None
    finally:
        wire.close()


def signed(
    method: str, host: str, path: str, query: str, body: bytes, login: tuple[str, str], now: datetime
) -> dict[str, str]:
    """The headers that prove a request is the key's: AWS Signature Version 4."""
    key, secret = login
    moment, digest = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": moment}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join((method, path, query, lines, names, digest))
    scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    sealed = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), to_sign):
        sealed = hmac.digest(sealed, part.encode(), "sha256")
    proof = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={sealed.hex()}"
    return {**headers, "Authorization": proof}
