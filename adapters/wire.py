"""The wire under the door: one HTTP exchange, bounded in time and size, to an address that is really outside.

A new connection for each exchange: none is found stale half-way through a request that may not be sent twice. Redirects
aren't followed, proxies and the environment aren't asked, certificates are always verified.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Thread
from typing import Any, Final

import httpcore
import httpx

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
NAT64: Final = int(IPv6Address("64:ff9b::"))


class TooLong(Exception):
    """The answer is larger than the call allows."""


class Encoded(Exception):
    """The answer came compressed although we asked for it plain: its real size can't be known."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on the wire. ``stand_in``: (host, port) on this machine that plays the provider."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    seconds: float
    cap: int
    stand_in: tuple[str, int] | None = None
    silence: float = READ_SECONDS


@dataclass(frozen=True, slots=True)
class Received:
    """What came back, byte for byte."""

    status: int
    headers: dict[str, str]
    body: bytes


def is_outside(address: str) -> bool:
    """Whether an IP address belongs to the public Internet: not this machine, not its network, not disguised as another."""
    one = ip_address(address.partition("%")[0])
    inner = _within(one) if isinstance(one, IPv6Address) else None
    if inner is not None:
        return is_outside(str(inner))
    return one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified or one.is_loopback)


def _within(one: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one carries: mapped, 6to4, Teredo's client or NAT64."""
    if int(one) >> 32 == NAT64 >> 32:
        return IPv4Address(int(one) & 0xFFFFFFFF)
    return one.ipv4_mapped or one.sixtofour or (one.teredo[1] if one.teredo else None)


def exchange(asked: Exchange) -> Received:
    """Send it once. Raises httpx.HTTPError by its kinds, TooLong, Encoded. Takes ``asked.seconds`` at most, all told."""
    until = time.monotonic() + asked.seconds
    timeout = httpx.Timeout(asked.silence, connect=CONNECT_SECONDS)
    transport = _Outward(until, asked.stand_in)
    with httpx.Client(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False) as client:
        plain = {**asked.headers, "Accept-Encoding": "identity"}
        with client.stream(asked.method, asked.url, headers=plain, content=asked.content or None) as answer:
            return Received(answer.status_code, dict(answer.headers), _body(answer, asked.cap))


def _body(answer: httpx.Response, cap: int) -> bytes:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Encoded
    body = bytearray()
    for piece in answer.iter_raw():
        body += piece
        if len(body) > cap:
            raise TooLong
    return bytes(body)


@cache
def _verified() -> ssl.SSLContext:
    """Certificates are verified against the public roots, host names too."""
    return httpx.create_ssl_context(trust_env=False)


class _Outward(httpx.HTTPTransport):
    """httpx's transport over a network that checks where it connects and how long it takes."""

    def __init__(self, until: float, stand_in: tuple[str, int] | None) -> None:
        super().__init__(verify=_verified(), trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_verified(), http1=True, http2=False, retries=0, network_backend=_Network(until, stand_in)
        )


class _Network(httpcore.SyncBackend):
    """Connects to public addresses only, or to the one stand-in."""

    def __init__(self, until: float, stand_in: tuple[str, int] | None) -> None:
        self._until, self._stand_in = until, stand_in

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, look at every address, then connect to one that was looked at."""
        if self._stand_in:
            addresses, port = [self._stand_in[0]], self._stand_in[1]
        else:
            addresses = _resolved(host, port, _left(self._until, timeout, httpcore.ConnectTimeout))
        for last, address in enumerate(addresses, 1 - len(addresses)):
            with suppress(*(() if last == 0 else (httpcore.ConnectError, httpcore.ConnectTimeout))):
                left = _left(self._until, timeout, httpcore.ConnectTimeout)
                return _Stream(super().connect_tcp(address, port, left, None, socket_options), self._until)
        raise httpcore.ConnectError("no address")


def _resolved(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name. The system's look-up has no time limit of its own: a thread waits for it, we don't."""
    found: list[str] = []

    def look_up() -> None:
        with suppress(OSError):
            found.extend(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    asking = Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(seconds)
    if asking.is_alive():
        raise httpcore.ConnectTimeout("the name wasn't looked up in time")
    addresses = list(found)
    if not addresses:
        raise httpcore.ConnectError("the name has no address")
    if not all(is_outside(address) for address in addresses):
        raise httpcore.ConnectError("the name leads to an address that isn't public")
    return addresses


def _left(until: float, timeout: float | None, late: type[Exception]) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise late("all the time of the call is used")
    return min(left, timeout) if timeout is not None else left


class _Stream(httpcore.NetworkStream):
    """A connection each of whose steps ends with the call's time, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner, self._until = inner, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the connection below, in the time that is left."""
        return self._inner.read(max_bytes, _left(self._until, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the connection below, in the time that is left."""
        self._inner.write(buffer, _left(self._until, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close it."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """TLS on top, in the time that is left."""
        left = _left(self._until, timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        """What the connection below knows."""
        return self._inner.get_extra_info(info)
