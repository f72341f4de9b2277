"""One server that plays every provider: told apart by the Host header, pages for people below ``/KEY/`` of this machine.

GET    /_calls/KEY    what was asked, and how often
DELETE /_calls/KEY    forget everything of one provider
POST   /_next/KEY     the next call goes wrong: {"status", "body", "headers", "delay", "close", "truncate", "after"}
GET    /_notices/KEY  what it told the product
"""

import json
import pkgutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from fakes import pages, providers, smtp
from fakes.delivery import Messenger
from fakes.provider import Provider, Trouble
from fakes.wire import Asked, Reply, in_json

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
LARGEST: Final = 32 * 1024 * 1024
MAILBOX: Final = "resend"
"""Whose pages show what comes by SMTP, whichever carrier the product names."""


def all_providers() -> list[Provider]:
    """A new one of each provider in ``fakes/providers``."""
    for found in pkgutil.iter_modules(providers.__path__):
        import_module(f"fakes.providers.{found.name}")
    kinds = sorted(Provider.__subclasses__(), key=lambda kind: kind.key)
    return [kind() for kind in kinds if kind.__module__.startswith(f"{providers.__name__}.")]


class Fakes:
    """All providers and where they are found."""

    def __init__(self, playing: list[Provider], product: str = "") -> None:
        self.playing = {one.key: one for one in playing}
        self.hosts = {host: one for one in playing for host in one.hosts}
        self.product = product
        self.messenger = Messenger(product)
        self.url = ""
        self.mail_port = 0
        for one in playing:
            one.product = product
            if product:
                one.deliver = self.messenger.bring

    def __getitem__(self, key: str) -> Any:
        """The provider ``key``. Raises KeyError."""
        return self.playing[key]

    def listens_at(self, port: int) -> None:
        """Tell everyone where they are."""
        self.url = f"http://127.0.0.1:{port}"
        for one in self.playing.values():
            one.here = f"{self.url}/{one.key}"

    def reset(self) -> None:
        """Everything as at the start."""
        for one in self.playing.values():
            one.reset()

    def at(self, moment: datetime) -> None:
        """Have all clocks stand at ``moment``."""
        for one in self.playing.values():
            one.clock = lambda: moment

    def live(self) -> None:
        """Have all clocks run again."""
        for one in self.playing.values():
            one.clock = lambda: datetime.now(UTC)

    @property
    def count(self) -> int:
        """How many calls reached any provider."""
        return sum(one.count for one in self.playing.values())

    def control(self, asked: Asked) -> Reply:
        """The addresses that begin with an underscore."""
        what, _slash, key = asked.path.removeprefix("/_").partition("/")
        one = self.playing.get(key)
        if one is None:
            return in_json(404, {"error": f"nobody plays {key!r}; there are: {', '.join(self.playing)}"})
        match asked.method, what:
            case "GET", "calls":
                return in_json(200, {"count": one.count, "calls": [_shown(call) for call in one.calls]})
            case "GET", "notices":
                told = [
                    {"method": n.method, "path": n.path, "headers": n.headers, "body": n.body.decode()}
                    for n in one.notices
                ]
                return in_json(200, told)
            case "DELETE", "calls":
                one.reset()
                return in_json(200, {"count": 0})
            case "POST", "next":
                try:
                    one.fail_next(**json.loads(asked.body))
                except (ValueError, TypeError) as wrong:
                    return in_json(400, {"error": str(wrong)})
                return in_json(200, {"waiting": len(one.troubles)})
        return in_json(404, {"error": f"there is no {asked.method} {asked.path}"})

    def person(self, asked: Asked) -> Reply:
        """A page somebody looks at."""
        key, _slash, rest = asked.path.removeprefix("/").partition("/")
        if not key:
            return self._index()
        one = self.playing.get(key)
        found = (
            one.show(Asked(asked.method, asked.host, f"/{rest}", asked.query, asked.headers, asked.body))
            if one
            else None
        )
        return found or pages.page("No such page", pages.words("There is no page at this address."), status=404)

    def _index(self) -> Reply:
        """Where all of it begins: those with pages for people first."""
        shown = [
            (pages.link(f"/{one.key}/{one.home}", one.title) if one.home else escape(one.title), str(one.count))
            for one in sorted(self.playing.values(), key=lambda one: not one.home)
        ]
        post = (
            f"Letters are taken by SMTP at port {self.mail_port}."
            if self.mail_port
            else "Nobody takes letters by SMTP."
        )
        product = pages.words(f"They tell {self.product} what happens.") if self.product else ""
        table = pages.table(["Service", "Calls"], shown)
        return pages.page("Services played here", product, table, pages.words(post))

    def answer(self, asked: Asked) -> tuple[Reply, Trouble | None]:
        """What anybody gets who asks."""
        if one := self.hosts.get(asked.host):
            trouble = one.called(asked)
            if trouble and not trouble.after and (trouble.close or trouble.status is not None):
                return in_json(200, None), trouble
            return one.answer(asked), trouble
        if asked.host.rpartition(":")[0] not in LOOPBACK:
            return in_json(404, {"error": f"nobody plays {asked.host}"}), None
        return (self.control(asked) if asked.path.startswith("/_") else self.person(asked)), None


def _shown(call: Asked) -> dict[str, Any]:
    return {
        "method": call.method, "host": call.host, "path": call.path, "query": dict(call.query),
        "headers": dict(call.headers), "body": call.text,
    }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """HTTP for :class:`Fakes`."""

    fakes: Fakes
    ending: Event
    protocol_version = "HTTP/1.1"
    timeout = 30

    def handle_one(self) -> None:
        """Read one request, answer it, and end the connection."""
        self.close_connection = True
        size = self.headers.get("Content-Length", "0")
        if not size.isdigit() or int(size) > LARGEST or self.headers.get("Transfer-Encoding"):
            self._send(in_json(411, {"error": "a Content-Length, please"}), None)
            return
        reply, trouble = self.fakes.answer(self._asked(self.rfile.read(int(size))))
        if trouble and trouble.delay:
            self.ending.wait(trouble.delay)
        if trouble and trouble.close:
            return
        if trouble and trouble.status is not None:
            said = trouble.body if isinstance(trouble.body, bytes) else _bytes(trouble.body)
            reply = Reply(trouble.status, said, {"Content-Type": "application/json", **trouble.headers})
        self._send(reply, trouble.truncate if trouble else None)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_one

    def _asked(self, body: bytes) -> Asked:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Asked(self.command, headers.get("host", ""), unquote(parts.path), query, headers, body)

    def _send(self, reply: Reply, cut: int | None) -> None:
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[:cut])

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what was asked is seen on the pages."""


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else b"" if value is None else json.dumps(value).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no news."""


@contextmanager
def serving(fakes: Fakes, port: int = 0, mail_port: int | None = None) -> Iterator[Fakes]:
    """Have ``fakes`` listen as long as the block runs; on a free port when ``port`` is 0. With ``mail_port`` they take letters too.

    Raises OSError for a port that can't be had.
    """
    ending = Event()
    kind = type("Here", (Handler,), {"fakes": fakes, "ending": ending})
    with ExitStack() as stack:
        server = stack.enter_context(_Server(("127.0.0.1", port), kind))
        if mail_port is not None:
            fakes.mail_port = stack.enter_context(smtp.listening(fakes[MAILBOX].posted, mail_port))
        fakes.listens_at(server.server_address[1])
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield fakes
        finally:
            ending.set()
            server.shutdown()
            thread.join()


def forever(port: int, mail_port: int, product: str) -> None:
    """Play them until Ctrl-C or a polite kill. Raises OSError for a port that can't be had."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(
        signal.SIG_BLOCK, ends
    )  # in every thread, so that only the line that waits for them gets them
    with serving(Fakes(all_providers(), product), port, mail_port) as fakes:
        print(
            f"Stand-ins at {fakes.url}/ for {', '.join(fakes.playing)}; letters at port {fakes.mail_port}", flush=True
        )
        signal.sigwait(ends)
