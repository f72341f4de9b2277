"""What each phase allows: the acts of accounts/access.py. What isn't listed is closed (PC-31, PC-32)."""

from accounts.access import Act
from lifecycle.states import OF_CONTRACT, Name

_ALWAYS = frozenset({Act.PUBLIC, Act.ACCOUNT, Act.PRIVACY, Act.PORTAL, Act.SUBSCRIPTION})
_ALL = _ALWAYS | {Act.CARE}

ALLOWED: dict[Name, frozenset[Act]] = {
    Name.NONE: _ALWAYS,
    Name.TRIAL: _ALL,
    Name.GRACE: _ALL,
    Name.FREE_LISTING: _ALWAYS,
    Name.SUBSCRIBED: _ALL,
    Name.DELETION_PENDING: _ALWAYS,
    Name.CLOSED: frozenset({Act.PUBLIC}),
}

WHATEVER_THE_CONTRACT = frozenset.intersection(*(ALLOWED[name] for name in OF_CONTRACT))
"""Acts that no phase of a contract closes, nor a deletion that is asked for: rights above all."""
