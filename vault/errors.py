"""Why something sealed stays closed. Each says in plain words what to do."""


class VaultError(Exception):
    """Something sealed can't be opened."""


class NoKey(VaultError):
    """The file never had a key, or its key was destroyed: erased for good."""


class KeyRefused(VaultError):
    """The key is there but closed: archived or restricted."""


class KeyUnreadable(VaultError):
    """The master key is missing, or the wrapped key was changed."""


class SealBroken(VaultError):
    """The sealed bytes were changed, cut, or moved to where they don't belong."""


class HandleClosed(VaultError):
    """The transaction that journaled the opening was rolled back, so the handle opens nothing more."""
