"""Argon2id by `cryptography`: no further dependency, in the standard PHC text form.

46 MiB, two passes, one lane (security.md 1.6). At most four hashes run at once in a process, so that a storm of logins
can't take all memory. `settings.ARGON2` may change the cost; older hashes are renewed at the next login.
"""

import os
from threading import BoundedSemaphore
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher, mask_hash
from django.utils.crypto import RANDOM_STRING_CHARS
from django.utils.translation import gettext_noop as _

HASH_BYTES = 32
SALT_BYTES = 16
PARALLEL_HASHES = 4

_slots = BoundedSemaphore(PARALLEL_HASHES)


def _cost() -> dict[str, int]:
    return dict(settings.ARGON2)


class Argon2idHasher(BasePasswordHasher):
    """Stored as `argon2id$` followed by the PHC text `$argon2id$v=19$m=…,t=…,p=…$salt$hash`."""

    algorithm = "argon2id"

    def salt(self) -> str:
        """A fresh salt in Django's alphabet (22 characters, 131 bits)."""
        return "".join(RANDOM_STRING_CHARS[byte % len(RANDOM_STRING_CHARS)] for byte in os.urandom(22))

    def encode(self, password: str, salt: str) -> str:
        cost = _cost()
        kdf = Argon2id(
            salt=salt.encode(),
            length=HASH_BYTES,
            iterations=cost["iterations"],
            lanes=cost["lanes"],
            memory_cost=cost["memory_kib"],
        )
        with _slots:
            return f"{self.algorithm}{kdf.derive_phc_encoded(password.encode())}"

    def decode(self, encoded: str) -> dict[str, Any]:
        algorithm, _variant, _version, cost, salt, digest = encoded.split("$")
        memory, iterations, lanes = (int(part.partition("=")[2]) for part in cost.split(","))
        return {
            "algorithm": algorithm,
            "memory_kib": memory,
            "iterations": iterations,
            "lanes": lanes,
            "salt": salt,
            "hash": digest,
        }

    def verify(self, password: str, encoded: str) -> bool:
        phc = encoded.removeprefix(self.algorithm)
        with _slots:
            try:
                Argon2id.verify_phc_encoded(password.encode(), phc)
            except InvalidKey:
                return False
        return True

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("salt"): mask_hash(parts["salt"]),
            _("hash"): mask_hash(parts["hash"]),
        }

    def must_update(self, encoded: str) -> bool:
        parts = self.decode(encoded)
        return any(parts[name] != value for name, value in _cost().items())

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to add: the work factor is in memory as well as in time."""
