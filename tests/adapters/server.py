"""A provider on this machine that answers exactly what a test tells it to, byte for byte, and counts what reaches it.

It shares no code with the door: sockets and bytes only.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import sleep
from typing import Any

Part = bytes | float
"""Bytes to send, or seconds to wait."""


def reply(status: int, body: bytes | str = b"", **headers: str) -> list[Part]:
    """A whole answer."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(raw)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ["\r\n".join([*lines, "", ""]).encode() + raw]


def said(status: int, **body: Any) -> list[Part]:
    """An answer in JSON."""
    return reply(status, json.dumps(body), Content_Type="application/json")


@dataclass
class Request:
    """What arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Provider:
    """Plays its ``answers`` one after the other; the last one stays."""

    port: int = 0
    answers: list[list[Part]] = field(default_factory=lambda: [said(200, ok=True)])
    got: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def plays(self, *answers: list[Part]) -> None:
        """What it answers from now on."""
        self.answers = list(answers)

    def serve(self, listening: socket.socket, done: threading.Event) -> None:
        """One connection after the other, each in a thread."""
        while not done.is_set():
            with suppress(OSError):
                connection, _address = listening.accept()
                self.connections += 1
                threading.Thread(target=self._one, args=(connection, done), daemon=True).start()

    def _one(self, connection: socket.socket, done: threading.Event) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            request = _read(connection)
            if request is None:
                return
            self.got.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            for part in answer:
                if isinstance(part, float):
                    done.wait(part)
                else:
                    connection.sendall(part)


def _read(connection: socket.socket) -> Request | None:
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = connection.recv(65536)
        if not piece:
            return None
        raw += piece
    head, _gap, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, target, _version = first.split(" ")
    return Request(method, target, headers, body)


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that listens as long as the block runs."""
    playing, done = Provider(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        playing.port = listening.getsockname()[1]
        thread = threading.Thread(target=playing.serve, args=(listening, done), daemon=True)
        thread.start()
        try:
            yield playing
        finally:
            done.set()
            thread.join()
            sleep(0)
