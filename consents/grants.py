"""Consent as a capability: the one way into optional processing (design, idea 3).

An optional processing takes a :class:`Grant`. Only :func:`grant_for` (or :func:`grants_for`) can make one, for one person
and one purpose, and whoever holds it asks it again with :meth:`Grant.check` at the moment of the
side effect. It can't be stored, copied or sent to a worker: the worker asks for its own.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Never, final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from consents import notices, queries
from consents.rules import Refusal, Refused
from consents.suspension import suspended

_MINT = object()


class NoGrant(Refused):
    """The person hasn't agreed to this, or no longer does: the processing mustn't happen."""


@final
class Grant:
    """The right to one optional processing for one person. Not made by hand."""

    __slots__ = ("child", "key", "minted_at", "subject_id")

    subject_id: UUID
    key: str
    child: str | None
    minted_at: datetime

    def __init__(self, mint: object, subject_id: UUID, key: str, child: str | None, minted_at: datetime) -> None:
        if mint is not _MINT:
            raise TypeError("A grant can't be made by hand; ask consents.grants.grant_for")
        for name, value in (
            ("subject_id", subject_id),
            ("key", key),
            ("child", child),
            ("minted_at", minted_at),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("A grant can't be changed")

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError("A grant can't be copied or stored; ask for a new one where it is needed")

    def __repr__(self) -> str:
        return f"<Grant {notices.slot_of(self.key, self.child or '')} for {self.subject_id}>"

    def check(self, now: datetime) -> None:
        """Ask the ledger again, at the moment of the side effect. Raises :class:`NoGrant`."""
        _ask(self.subject_id, self.key, self.child, now)


def grant_for(subject_id: UUID, key: str, child: str | None = None, *, now: datetime) -> Grant:
    """The grant of a person for one processing. Raises :class:`NoGrant` and ``UnknownKey``."""
    _ask(subject_id, key, child, now)
    return Grant(_MINT, subject_id, key, child, now)


def grants_for(subject_ids: Collection[UUID], key: str, *, now: datetime) -> dict[UUID, Grant]:
    """The grants of many people for one processing; who doesn't agree, or is suspended, isn't in it. Raises ``UnknownKey``."""
    return {
        subject_id: Grant(_MINT, subject_id, key, None, now)
        for subject_id in queries.live_among(subject_ids, key, now=now)
    }


def _ask(subject_id: UUID, key: str, child: str | None, now: datetime) -> None:
    if not queries.is_live(subject_id, key, child, now=now):
        raise NoGrant(Refusal("no_grant", _("This person hasn't agreed to it, or has withdrawn.")))
    if suspended([subject_id], now=now):
        raise NoGrant(Refusal("suspended", _("This person asked for the deletion of their account.")))
