"""Signatures verify under their own key and message only."""

from typing import Any

from audit import signing


def test_signature_verifies_its_own_message_only() -> None:
    signature = signing.sign(b"receipt")
    assert signing.verify(b"receipt", signature)
    assert not signing.verify(b"receipt!", signature)
    assert not signing.verify(b"receipt", signing.Signature("unknown", signature.value))
    assert not signing.verify(b"receipt", signing.Signature(signature.key_id, bytes(64)))


def test_signature_of_a_past_key_still_verifies(settings: Any) -> None:
    old = signing.sign(b"receipt")
    settings.SIGNING_KEYS = [("new", bytes(range(32))), *settings.SIGNING_KEYS]
    assert signing.verify(b"receipt", old)
    assert signing.sign(b"receipt").key_id == "new"
    assert list(signing.public_keys()) == ["new", old.key_id]
    settings.SIGNING_KEYS = settings.SIGNING_KEYS[:1]
    assert not signing.verify(b"receipt", old)
