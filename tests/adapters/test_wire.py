"""The wire: it connects to public addresses only, and trusts no certificate it can't verify."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_network
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from adapters import wire
from adapters.wire import Exchange, exchange, is_outside
from tests.adapters.server import provider

INSIDE = [
    IPv4Network(net)
    for net in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
                "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4")
]  # fmt: skip
IPV6_INSIDE = [ip_network(net) for net in ("::1/128", "::/128", "fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32")]


def inner(network: IPv4Network) -> st.SearchStrategy[IPv4Address]:
    return st.integers(int(network[0]), int(network[-1])).map(IPv4Address)


@given(st.sampled_from(INSIDE).flatmap(inner))
def test_no_inner_address_is_outside_in_any_disguise(address: IPv4Address) -> None:
    mapped = IPv6Address(0xFFFF << 32 | int(address))
    nat64 = IPv6Address(int(IPv6Address("64:ff9b::")) | int(address))
    six_to_four = IPv6Address(0x2002 << 112 | int(address) << 80)
    assert [str(one) for one in (address, mapped, nat64, six_to_four) if is_outside(str(one))] == []


@given(st.sampled_from(IPV6_INSIDE).flatmap(lambda net: st.integers(int(net[0]), int(net[-1]))))
def test_no_inner_ipv6_address_is_outside(number: int) -> None:
    assert is_outside(str(IPv6Address(number))) is False


@pytest.mark.parametrize("address", ["1.1.1.1", "51.15.0.1", "2a00:1450:4007::1", "64:ff9b::101:101"])
def test_public_addresses_are_outside(address: str) -> None:
    assert is_outside(address) is True


def get(host: str, port: int = 443, scheme: str = "https") -> Exchange:
    return Exchange("GET", f"{scheme}://{host}:{port}/", {}, b"", 3.0, 1000)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.1.2.3"], ["1.1.1.1", "192.168.0.1"], ["::1"], ["::ffff:127.0.0.1"]]
)
def test_a_name_that_leads_inside_is_refused_before_a_packet(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    """Also when only one of its addresses does: which one is taken is nobody's choice."""
    with provider() as there:
        found = [(2, 1, 6, "", (address, there.port)) for address in addresses]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: found)
        with pytest.raises(httpx.ConnectError, match="isn't public"):
            exchange(get("api.example.org", there.port, "http"))
        assert there.connections == 0


def test_a_name_nobody_answers_for_uses_up_the_calls_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: answered.wait(10) and [])
    try:
        with pytest.raises(httpx.ConnectTimeout, match="wasn't looked up in time"):
            exchange(Exchange("GET", "https://api.example.org/", {}, b"", 0.05, 1000))
    finally:
        answered.set()


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[int]:
    """A TLS server on this machine whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.example.org")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example.org")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "cert.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def shake() -> None:
            try:
                connection, _address = listening.accept()
                with connection, context.wrap_socket(connection, server_side=True) as shaken:
                    shaken.recv(1000)
            except OSError:
                return

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_a_certificate_nobody_vouches_for_ends_the_call(monkeypatch: pytest.MonkeyPatch, tls: int) -> None:
    monkeypatch.setattr(wire, "is_outside", lambda _address: True)
    found: list[Any] = [(2, 1, 6, "", ("127.0.0.1", tls))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: found)
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        exchange(get("api.example.org", tls))
