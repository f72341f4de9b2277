"""A mail server that nobody here wrote (aiosmtpd), on a free port of this machine, with a certificate of its own."""

import gc
import logging
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from socket import create_server
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

logging.getLogger("mail.log").setLevel(logging.ERROR)  # it writes addresses
USER, PASSWORD = "resend", "re_secret"


@dataclass
class Office:
    """What the server does next, and what it took. ``answers``: to RCPT and DATA, one a letter; "cut" hangs up after the data."""

    port: int = 0
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the address, or answer as told."""
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        """Take the letter, answer as told, or hang up with the letter in hand."""
        said = self.data.pop(0) if self.data else "250 taken"
        if said[0] in "45":
            return said
        self.taken.append(message_from_bytes(bytes(envelope.content or b"")))
        self.encrypted.append(session.ssl is not None)
        if said == "cut":
            server.transport.abort()
        return "250 taken"

    def let_in(self, server: Any, session: Session, envelope: Envelope, mechanism: str, said: Any) -> AuthResult:
        """One user, one password."""
        right = isinstance(said, LoginPassword) and (said.login, said.password) == (USER.encode(), PASSWORD.encode())
        if right:
            self.signed_in.append(mechanism)
        return AuthResult(success=right, handled=False)


@contextmanager
def opened(certificate: Path | None = None) -> Iterator[Office]:
    """The office, while it is open; with a certificate it takes letters over STARTTLS and after a password only."""
    office = Office()
    with create_server(("127.0.0.1", 0)) as free:
        office.port = free.getsockname()[1]
    secured: dict[str, Any] = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        secured = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": office.let_in,
        }
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **secured)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
        with warnings.catch_warnings():  # lines that were cut are left open by the server's loop, which has ended
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


def certificate(folder: Path, address: str = "127.0.0.1") -> Path:
    """A certificate for an address that signs itself, with its key, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server of the tests")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{address}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
