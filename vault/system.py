"""Secrets of the house that belong to no patient, such as the seeds of second factors (PC-81). No journal."""

from uuid import UUID

from django.db import IntegrityError, transaction

from vault import master
from vault.errors import NoKey
from vault.models import SystemKey
from vault.seal import Sealed, cipher, seal, unseal


def seal_system(name: str, context: str, data: bytes) -> bytes:
    """Seal ``data`` under the system key ``name`` (made at its first use), bound to ``context``, such as a row's id."""
    key = _key(name)
    return bytes(seal(cipher(master.unwrap(key), b"system"), key.id.bytes, data, _place(name, context)))


def open_system(name: str, context: str, data: bytes) -> bytes:
    """What was sealed under that name and context. Raises SealBroken for any other, NoKey without the key."""
    sealed = Sealed(data)
    key_id = UUID(bytes=sealed.key_id)
    key = SystemKey.objects.filter(pk=key_id, name=name).first()
    if key is None:
        raise NoKey(f"the system key {name} that sealed this is gone: restore the keys database")
    return unseal(cipher(master.unwrap(key), b"system"), sealed, _place(name, context))


def _key(name: str) -> SystemKey:
    """The key of that name; the first to ask makes it."""
    found = SystemKey.objects.filter(name=name).first()
    if found:
        return found
    key = SystemKey(name=name)
    master.new_key(key)
    try:
        with transaction.atomic(using="keys"):
            key.save(force_insert=True)
    except IntegrityError:
        return SystemKey.objects.get(name=name)
    return key


def _place(name: str, context: str) -> bytes:
    return f"system|{name}|{context}".encode()
