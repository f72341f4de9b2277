"""Brings what the providers tell to the product on this machine: one after the other, a few times if nobody opens."""

from http.client import HTTPConnection, HTTPException
from queue import SimpleQueue
from threading import Thread
from time import sleep
from typing import Final
from urllib.parse import urlsplit

from fakes.provider import Notice

PAUSES: Final = (0.0, 1.0, 5.0, 30.0)
"""Seconds before each try."""


class Messenger:
    """Carries notices to ``product`` (``http://127.0.0.1:8000``)."""

    def __init__(self, product: str) -> None:
        parts = urlsplit(product)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._waiting: SimpleQueue[Notice] = SimpleQueue()
        if product:
            Thread(target=self._work, daemon=True).start()

    def bring(self, notice: Notice) -> None:
        """Have it brought."""
        self._waiting.put(notice)

    def _work(self) -> None:
        while True:
            notice = self._waiting.get()
            for pause in PAUSES:
                sleep(pause)
                if self._taken(notice):
                    break

    def _taken(self, notice: Notice) -> bool:
        """Whether the product answered with 2xx."""
        connection = HTTPConnection(self._host, self._port, timeout=10)
        try:
            connection.request(notice.method, notice.path, notice.body, notice.headers)
            return 200 <= connection.getresponse().status < 300
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
