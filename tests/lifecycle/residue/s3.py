"""A small S3 server over HTTP with versions, as a versioned bucket has them: for the real client of the house."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

MOMENT = "2026-11-22T12:00:00.000Z"


@dataclass
class Version:
    """One stored version; a marker of deletion has no body."""

    key: str
    number: int
    body: bytes | None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def xml(self) -> str:
        kind = "DeleteMarker" if self.body is None else "Version"
        size = "" if self.body is None else f'<Size>{len(self.body)}</Size><ETag>"e"</ETag>'
        return (
            f"<{kind}><Key>{escape(self.key)}</Key><VersionId>v{self.number}</VersionId><IsLatest>false</IsLatest>"
            f"<LastModified>{MOMENT}</LastModified>{size}</{kind}>"
        )


class Bucket(ThreadingHTTPServer):
    """One bucket, versioned."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.versions: list[Version] = []
        self.count = 0
        self.requests: list[str] = []
        self.next: list[tuple[int, str] | float] = []
        """What the next requests get instead: a status and S3's word for it, or seconds of silence."""

    def add(self, key: str, body: bytes | None, headers: dict[str, str]) -> Version:
        self.count += 1
        self.versions.append(Version(key, self.count, body, headers))
        return self.versions[-1]

    def last(self, key: str) -> Version | None:
        found = [one for one in self.versions if one.key == key]
        return found[-1] if found and found[-1].body is not None else None


class Handler(BaseHTTPRequestHandler):
    """The calls that django-storages and boto3 make."""

    server: Bucket
    protocol_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        """As usual; then what was planned for this request comes first."""
        if not super().parse_request():
            return False
        self.server.requests.append(f"{self.command} {urlsplit(self.path).path}")
        if not self.server.next:
            return True
        planned = self.server.next.pop(0)
        if isinstance(planned, float):
            time.sleep(planned)
            self.close_connection = True
            return False
        self._body()
        status, word = planned
        said = "" if self.command == "HEAD" else f"<Error><Code>{word}</Code><Message>m</Message></Error>"
        self._answer(status, said.encode(), {"Content-Type": "application/xml"})
        return False

    def log_message(self, *_said: Any) -> None:
        """Quiet."""

    def do_PUT(self) -> None:
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower().startswith(("x-amz-meta-", "content-disp"))
        }
        made = self.server.add(self._key, self._body(), kept)
        self._answer(200, b"", {"ETag": '"e"', "x-amz-version-id": f"v{made.number}"})

    def do_GET(self) -> None:
        if not self._key:
            return self._list()
        found = self._wanted()
        return self._answer(200, found.body or b"", found.headers) if found else self._answer(404, b"")

    def do_HEAD(self) -> None:
        if not self._key:
            return self._answer(200, b"")
        found = self._wanted()
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(found.body or b"") if found else 0))
        return self.end_headers()

    def do_DELETE(self) -> None:
        self._delete(self._key, self._query.get("versionId", [""])[0])
        self._answer(204, b"")

    def do_POST(self) -> None:
        for found in re.finditer(r"<Object>(.*?)</Object>", self._body().decode(), re.DOTALL):
            named = dict(re.findall(r"<(Key|VersionId)>(.*?)</", found[1]))
            self._delete(unescape(named["Key"]), named.get("VersionId", ""))
        self._answer(200, b"<DeleteResult></DeleteResult>")

    def _list(self) -> None:
        if "uploads" in self._query:
            told = b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
            return self._answer(200, told, {"Content-Type": "application/xml"})
        prefix = self._query.get("prefix", [""])[0]
        found = "".join(one.xml for one in self.server.versions if one.key.startswith(prefix))
        told = f"<ListVersionsResult><IsTruncated>false</IsTruncated>{found}</ListVersionsResult>"
        return self._answer(200, told.encode(), {"Content-Type": "application/xml"})

    def _delete(self, key: str, version: str) -> None:
        if version:
            self.server.versions = [one for one in self.server.versions if f"v{one.number}" != version]
        else:
            self.server.add(key, None, {})

    def _wanted(self) -> Version | None:
        version = self._query.get("versionId", [""])[0]
        if not version:
            return self.server.last(self._key)
        return next((one for one in self.server.versions if f"v{one.number}" == version), None)

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).split("/", 2)[2:][0] if self.path.count("/") > 1 else ""

    @property
    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served() -> Iterator[tuple[Bucket, dict[str, Any]]]:
    """The bucket at work, and the storage settings that lead to it."""
    bucket = Bucket()
    thread = Thread(target=bucket.serve_forever, daemon=True)
    thread.start()
    options = {
        "bucket_name": "files", "endpoint_url": f"http://127.0.0.1:{bucket.server_port}", "access_key": "a",
        "secret_key": "s", "region_name": "fr-par", "signature_version": "s3v4", "addressing_style": "path",
        "default_acl": None, "file_overwrite": False,
    }  # fmt: skip
    try:
        yield bucket, {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    finally:
        bucket.shutdown()
        bucket.server_close()
        thread.join()
