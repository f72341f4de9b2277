"""What each phase allows: the acts of accounts/access.py. What isn't listed is closed (PC-31, PC-32)."""

from accounts.access import Act
from lifecycle.states import Name

_ALWAYS = frozenset({Act.PUBLIC, Act.ACCOUNT, Act.PRIVACY, Act.SUBSCRIPTION})
_ALL = _ALWAYS | {Act.CARE}

ALLOWED: dict[Name, frozenset[Act]] = {
    Name.NONE: _ALWAYS,
    Name.TRIAL: _ALL,
    Name.GRACE: _ALL,
    Name.FREE_LISTING: _ALWAYS,
    Name.SUBSCRIBED: _ALL,
}

IN_EVERY_PHASE = frozenset.intersection(*ALLOWED.values())
"""Acts that no phase closes: rights above all."""
