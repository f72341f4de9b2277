"""Ed25519 signatures of checkpoints and receipts. The keys stand outside every database (NEW-02)."""

import base64
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


@dataclass(frozen=True)
class Signature:
    """A signature and the id of the key that verifies it."""

    key_id: str
    value: bytes


def sign(message: bytes) -> Signature:
    """Sign with the current key, the first of ``settings.SIGNING_KEYS``."""
    key_id, seed = settings.SIGNING_KEYS[0]
    return Signature(key_id, Ed25519PrivateKey.from_private_bytes(seed).sign(message))


def verify(message: bytes, signature: Signature) -> bool:
    """Whether one of our keys, current or past, made this signature over this message."""
    public = public_keys().get(signature.key_id)
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature.value, message)
    except InvalidSignature:
        return False
    return True


def public_keys() -> dict[str, bytes]:
    """The 32 raw bytes of each public key by its id, the current key first."""
    return {
        key_id: Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        for key_id, seed in settings.SIGNING_KEYS
    }


def published_keys() -> dict[str, list[dict[str, str]]]:
    """The public keys as a JSON Web Key Set (RFC 7517, RFC 8037), for whoever verifies offline."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": key_id,
                "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
            }
            for key_id, raw in public_keys().items()
        ]
    }
