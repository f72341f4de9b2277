"""Who acts: ids and a role, never a name. Every write and every reading names one (MD-57)."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """The author of an act, as the journals keep it.

    ``session_ref`` is a hash of the session key, ``ip`` the public address as text.
    """

    account_id: UUID | None
    role: str
    practice_id: UUID | None = None
    session_ref: str = ""
    ip: str | None = None
    user_agent: str = ""
    request_id: str = ""
    channel: str = "web"

    @classmethod
    def system(cls, name: str) -> Self:
        """The house itself, at work in the background: ``name`` is the job's name."""
        return cls(account_id=None, role="system", request_id=name, channel="task")

    @classmethod
    def operations(cls, name: str) -> Self:
        """A person of operations at the command line: ``name`` is the command's name."""
        return cls(account_id=None, role="operations", request_id=name, channel="command")
