"""The name of a ground, to be stored with a row: a ground itself can't be. The worker has it made anew (``consents.grants``)."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from adapters.grounds import NECESSITIES, Ground, necessary


class Kind(StrEnum):
    """What kind of ground is meant: a person's own yes, that of a practitioner and of the patient, or the law."""

    CONSENT = "consent"
    PATIENT = "patient"
    NECESSITY = "necessity"


@dataclass(frozen=True, slots=True)
class GroundRef:
    """Which ground a message rests on: a person's switch, that switch with a patient's own wish, or a necessity by its name.

    ``slot`` is the practitioner's switch (the key, or ``key.child``). Made by the functions below.
    """

    kind: Kind
    subject_id: UUID | None = None
    slot: str = ""
    wish: str = ""
    file_id: UUID | None = None
    necessity: str = ""

    @classmethod
    def consent(cls, subject_id: UUID, key: str, child: str | None = None) -> Self:
        """What ``consents.grants.grant_for`` makes."""
        return cls(Kind.CONSENT, subject_id, f"{key}.{child}" if child else key)

    @classmethod
    def patient(cls, file_id: UUID, wish: str, *, subject_id: UUID, slot: str) -> Self:
        """What ``consents.grants.patient_grant_for`` makes."""
        return cls(Kind.PATIENT, subject_id, slot, wish, file_id)

    @classmethod
    def necessary(cls, name: str, *, subject_id: UUID | None = None, file_id: UUID | None = None) -> Self:
        """A legal basis of the closed register. Raises LookupError for a name it hasn't."""
        if name not in NECESSITIES:
            raise LookupError(f"{name!r} is no necessity; there are: {', '.join(NECESSITIES)}")
        return cls(Kind.NECESSITY, subject_id, file_id=file_id, necessity=name)

    @property
    def name(self) -> str:
        """What the egress journal will call it."""
        return self.necessity or "+".join(part for part in (self.wish, self.slot) if part)


Minter = Callable[[GroundRef, datetime], AbstractContextManager[Ground]]
"""Makes the ground anew, in whatever scope asking it needs. Raises ``privacy.refusals.Refused`` when it doesn't hold."""


def _necessary(ref: GroundRef, now: datetime) -> AbstractContextManager[Ground]:
    return nullcontext(necessary(ref.necessity, subject_id=ref.subject_id, file_id=ref.file_id))


_minters: dict[Kind, Minter] = {Kind.NECESSITY: _necessary}


def mint_with(kind: Kind, minter: Minter) -> None:
    """Have ``minter`` make the grounds of a kind: ``consents`` says how when it starts."""
    _minters[kind] = minter


def minted(ref: GroundRef, now: datetime) -> AbstractContextManager[Ground]:
    """The ground that ``ref`` names, asked anew at ``now``, for as long as the context lasts.

    Raises ``privacy.refusals.Refused`` on entering when it doesn't hold (any more).
    """
    return _minters[ref.kind](ref, now)
