"""Consent as a capability: the one way into optional processing (design, idea 3).

An optional processing takes a :class:`Grant`; one that touches a patient's file takes a :class:`PatientGrant`, which exists
only while the practitioner and the patient have both agreed (PC-22, MD-11). Only the functions here make them, for one person
and one purpose, and whoever holds one asks it again with ``check`` at the moment of the side effect. It can't be stored, copied
or sent to a worker: the worker asks for its own.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Never, final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from care import tenancy
from consents import notices, patients, queries
from consents.rules import known
from consents.suspension import suspended
from privacy.patient_keys import GOES_WITH, PATIENT_KEYS, needs_patient
from privacy.refusals import Refusal, Refused

_MINT = object()


class NoGrant(Refused):
    """The person hasn't agreed to this, or no longer does: the processing mustn't happen."""


class _Capability:
    """Not made by hand, not changed, not carried elsewhere."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("A grant can't be changed")

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError("A grant can't be copied or stored; ask for a new one where it is needed")

    def _hold(self, mint: object, **values: object) -> None:
        if mint is not _MINT:
            raise TypeError("A grant can't be made by hand; ask consents.grants.grant_for")
        for name, value in values.items():
            object.__setattr__(self, name, value)


@final
class Grant(_Capability):
    """The right to one optional processing for one person."""

    __slots__ = ("child", "key", "minted_at", "subject_id")

    subject_id: UUID
    key: str
    child: str | None
    minted_at: datetime

    def __init__(self, mint: object, subject_id: UUID, key: str, child: str | None, minted_at: datetime) -> None:
        self._hold(mint, subject_id=subject_id, key=key, child=child, minted_at=minted_at)

    def __repr__(self) -> str:
        return f"<Grant {notices.slot_of(self.key, self.child or '')} for {self.subject_id}>"

    @property
    def name(self) -> str:
        """What the egress journal writes: the slot of the ledger."""
        return notices.slot_of(self.key, self.child or "")

    @property
    def file_id(self) -> None:
        """None: it is about an account."""

    def check(self, now: datetime) -> None:
        """Ask the ledger again, at the moment of the side effect. Raises :class:`NoGrant`."""
        _ask(self.subject_id, self.key, self.child, now)


@final
class PatientGrant(_Capability):
    """The right to one optional processing of one patient's file, by one practitioner: both agreed, each for themselves."""

    __slots__ = ("file_id", "minted_at", "slot", "subject_id", "wish")

    file_id: UUID
    wish: str
    subject_id: UUID
    slot: str
    minted_at: datetime

    def __init__(
        self, mint: object, file_id: UUID, wish: str, subject_id: UUID, slot: str, minted_at: datetime
    ) -> None:
        self._hold(mint, file_id=file_id, wish=wish, subject_id=subject_id, slot=slot, minted_at=minted_at)

    def __repr__(self) -> str:
        return f"<PatientGrant {self.wish} of file {self.file_id} with {self.slot} of {self.subject_id}>"

    @property
    def name(self) -> str:
        """What the egress journal writes: the patient's slot and the practitioner's."""
        return f"{self.wish}+{self.slot}"

    def check(self, now: datetime) -> None:
        """Ask both again, at the moment of the side effect. Raises :class:`NoGrant`.

        It was made inside the practice's scope and asks only about itself, in a scope of its own that is over at once: whoever
        sends something holds no transaction open meanwhile (``adapters.door.send``).
        """
        with tenancy.scope(tenancy.ALL):
            _ask_both(self.file_id, self.wish, self.subject_id, self.slot, now)


def grant_for(subject_id: UUID, key: str, child: str | None = None, *, now: datetime) -> Grant:
    """The grant of a person for one processing. Raises :class:`NoGrant` and ``UnknownKey``.

    Where a patient has to agree as well there is none of this kind: ask :func:`patient_grant_for`.
    """
    _ask(subject_id, key, child, now)
    if key in PATIENT_KEYS or needs_patient(key, child or ""):
        raise NoGrant(
            Refusal("needs_patient", _("This needs the patient's own agreement too: ask for the patient's file."))
        )
    return Grant(_MINT, subject_id, key, child, now)


def patient_grant_for(file_id: UUID, wish: str, *, subject_id: UUID, slot: str, now: datetime) -> PatientGrant:
    """The grant for one processing of a patient's file by the practitioner ``subject_id``, inside the practice's scope.

    ``wish`` is the patient's key, ``slot`` the practitioner's switch beside it (``privacy.patient_keys.GOES_WITH``).
    Raises :class:`NoGrant` unless both say yes and the practitioner treats this patient; ``UnknownKey``; ValueError for a
    switch that doesn't belong to the wish.
    """
    known(wish)
    if slot not in GOES_WITH.get(wish, ()):
        raise ValueError(f"{wish!r} is no wish of a patient that goes with {slot!r}")
    _ask_both(file_id, wish, subject_id, slot, now)
    return PatientGrant(_MINT, file_id, wish, subject_id, slot, now)


def grants_for(subject_ids: Collection[UUID], key: str, *, now: datetime) -> dict[UUID, Grant]:
    """The grants of many people for one processing; who doesn't agree, or is suspended, isn't in it. Raises ``UnknownKey``.

    Where patients have to agree as well it is empty: their files are asked for one by one.
    """
    live = queries.live_among(subject_ids, key, now=now)
    if key in PATIENT_KEYS or needs_patient(key):
        return {}
    return {subject_id: Grant(_MINT, subject_id, key, None, now) for subject_id in live}


def _ask(subject_id: UUID, key: str, child: str | None, now: datetime) -> None:
    if not queries.is_live(subject_id, key, child, now=now):
        raise NoGrant(Refusal("no_grant", _("This person hasn't agreed to it, or has withdrawn.")))
    if suspended([subject_id], now=now):
        raise NoGrant(Refusal("suspended", _("This person asked for the deletion of their account.")))


def _ask_both(file_id: UUID, wish: str, subject_id: UUID, slot: str, now: datetime) -> None:
    key, _dot, child = slot.partition(".")
    _ask(subject_id, key, child or None, now)
    if refusal := patients.why_not(file_id, wish, subject_id=subject_id, now=now):
        raise NoGrant(refusal)
