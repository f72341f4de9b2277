"""Who acts: ids and a role, never a name. Every write and every reading names one (MD-57)."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

NAMELESS_ROLES = ("system", "operations", "anonymous")
"""Roles that stand for no single account: the house's own jobs, the command line, a visitor."""


@dataclass(frozen=True)
class Actor:
    """The author of an act, as the journals keep it.

    ``session_ref`` is a hash of the session key, ``ip`` the public address as text. Raises
    ValueError for a person's role without an account: shared identifiers can't act (MD-57).
    """

    account_id: UUID | None
    role: str
    practice_id: UUID | None = None
    session_ref: str = ""
    ip: str | None = None
    user_agent: str = ""
    request_id: str = ""
    channel: str = "web"

    def __post_init__(self) -> None:
        if self.account_id is None and self.role not in NAMELESS_ROLES:
            raise ValueError(f"a {self.role} acts under an own account: give account_id")

    @classmethod
    def system(cls, name: str) -> Self:
        """The house itself, at work in the background: ``name`` is the job's name."""
        return cls(account_id=None, role="system", request_id=name, channel="task")

    @classmethod
    def operations(cls, name: str) -> Self:
        """A person of operations at the command line: ``name`` is the command's name."""
        return cls(account_id=None, role="operations", request_id=name, channel="command")
