"""The house as it runs: broker, web, both workers and beat of the Procfile, each of which can be killed and started again."""

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import redis

from launcher.places import EMBEDDED, ROOT, make_folder
from launcher.processes import Child, kill_group, read_procfile
from launcher.running import start_line
from launcher.servers import Instance, Valkey
from tests.lifecycle.kills.servers import children

PATIENCE = 120.0
"""Seconds after which what should have happened never will."""
QUEUES, UNACKED = ("celery", "codes"), "unacked"
CSRF = "k" * 32


class Broker(Valkey):
    """A Valkey of this test's own; the machine's Redis where the suite runs without the embedded servers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Instance(make_folder(folder), debian=not EMBEDDED.exists(), durable=True))
        self.child = self.start()
        self.url = f"unix://{self.socket}?db=0"

    def binary(self) -> str:
        return (shutil.which("redis-server") or "redis-server") if self.instance.debian else super().binary()

    def is_empty(self) -> bool:
        """Whether every message was delivered, worked off and acknowledged."""
        with redis.Redis.from_url(self.url) as client:
            return not any(client.llen(queue) for queue in QUEUES) and not client.hlen(UNACKED)

    def stop(self) -> None:
        """End it for good."""
        self.child.stop(signal.SIGTERM, 10)


class House:
    """Web, workers and beat, as ``./dev run`` starts them, with one child each: whoever is killed is at the work."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker, self.folder, self.port = broker, make_folder(folder), free_port()
        self.env = {**os.environ, "HOST": "127.0.0.1", "PORT": str(self.port), "WEB_WORKERS": "1", "WORKERS": "1"}
        self.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{self.env['PATH']}"
        self.lines: Mapping[str, str] = read_procfile(ROOT / "Procfile")
        self.parts = {name: self._start(name) for name in self.lines}
        self.restored = 0
        self.wait_ready()

    def kill(self, name: str) -> bool:
        """Kill -9 the process of the Procfile's line."""
        os.kill(self.parts[name].process.pid, signal.SIGKILL)
        self.parts[name].process.wait()
        return True

    def kill_child(self, name: str) -> bool:
        """Kill -9 its child, which has the request or the task in hand; whether there was one."""
        found = children(self.parts[name].process.pid)
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    def back(self) -> None:
        """What was killed is started again, as a supervisor does."""
        for name, part in self.parts.items():
            if part.ended():
                if name == "worker":
                    self.restored += an_hour_passes(self.broker)
                self.parts[name] = self._start(name)
        self.wait_ready()

    def settle(self) -> None:
        """Wait until the worker has nothing left to do. Raises RuntimeError when that doesn't come."""
        quiet = 0
        deadline = time.monotonic() + PATIENCE
        while quiet < 3:  # a message is in neither place for an instant, between the queue and the worker's hands
            quiet = quiet + 1 if self.broker.is_empty() else 0
            _wait(deadline, "the worker doesn't come to its end")

    def wait_ready(self) -> None:
        """Wait until the web process answers."""
        wait_for(lambda: self.answer("GET", "/healthz") == 200, "the web process doesn't answer")

    def post(self, path: str, cookies: Mapping[str, str], **data: str) -> int:
        """Click on a button as a browser does; the status of the answer. Raises OSError when none comes."""
        sent = "; ".join(f"{name}={value}" for name, value in {**cookies, "csrf": CSRF}.items())
        headers = {"Cookie": sent, "Content-Type": "application/x-www-form-urlencoded"}
        return self.answer("POST", path, urlencode({**data, "csrfmiddlewaretoken": CSRF}), headers)

    def answer(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> int:
        """The status with which the web process answers; 0 while it doesn't listen."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            return connection.getresponse().status
        except ConnectionRefusedError:
            return 0
        finally:
            connection.close()

    def stop(self) -> None:
        """End all of it for good."""
        for part in self.parts.values():
            part.stop(signal.SIGTERM, 10)

    def _start(self, name: str) -> Child:
        if name in getattr(self, "parts", {}):
            kill_group(self.parts[name].process.pid)
        return start_line(name, self.lines[name], self.env, self.folder)


def an_hour_passes(broker: Broker) -> int:
    """Messages that a dead worker had in hand go back to the queue, as the transport does after its visibility timeout.

    Returns how many. Called while the worker that was killed is down; a message that the worker of codes has in hand may come
    to it twice, which a claim bears.
    """
    from praticonnect.celery import app

    with redis.Redis.from_url(broker.url) as client:
        found = client.hlen(UNACKED)
    with app.connection_for_write(transport_options={"visibility_timeout": 0}) as connection:
        connection.default_channel.qos.restore_visible(num=1000)
    return int(found)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(come: Callable[[], bool], complaint: str) -> None:
    """Wait until it has come. Raises RuntimeError when it doesn't."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(OSError):
            if come():
                return
        _wait(deadline, complaint)


def _wait(deadline: float, complaint: str) -> None:
    if time.monotonic() > deadline:
        raise RuntimeError(complaint)
    time.sleep(0.02)
