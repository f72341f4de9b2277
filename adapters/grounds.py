"""Why something may leave the house: a person's consent, or a legal basis with a name (PC-101, MD-46).

A call out takes a :class:`Ground`. A consent brings its own (``consents.grants``, which has its kinds accepted here); what
the law or a contract makes necessary comes from :func:`necessary`, by a name of the closed register :data:`NECESSITIES`.
Nothing else is one: :func:`must_be_genuine` refuses a class that only looks like it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Never, Protocol, final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.declare import Category
from privacy.purposes import LegalBasis
from privacy.refusals import Refusal, Refused
from privacy.wording import gettext_noop


class NoGround(Refused):
    """This isn't covered by the ground it was sent on: nothing left."""


class Ground(Protocol):
    """What entitles one call out. Asked again by the door itself, at the moment the packet would leave."""

    @property
    def name(self) -> str:
        """What the egress journal writes: a consent's slot, both slots with ``+`` between, or a necessity's name."""

    @property
    def subject_id(self) -> UUID | None:
        """The account it is about, if it is about one."""

    @property
    def file_id(self) -> UUID | None:
        """The patient's file it is about, if it is about one."""

    def check(self, now: datetime) -> None:
        """Raises ``privacy.refusals.Refused`` when it no longer holds at ``now``."""


@dataclass(frozen=True, slots=True)
class Necessity:
    """A legal basis without a choice: what it covers, to whom, and in which words people read it."""

    name: str
    basis: LegalBasis
    article: str
    subprocessors: frozenset[str]
    categories: frozenset[Category]
    words: str


MAIL: Final = frozenset({"resend", "scaleway"})
"""Who may carry our transactional mail: which of them does is one setting (EMAIL_HOST)."""

_ALL = (
    Necessity(
        "login_code",
        LegalBasis.LEGAL_OBLIGATION,
        gettext_noop("GDPR Art. 32"),
        MAIL | {"bulkgate"},
        frozenset({Category.CONTACT, Category.CREDENTIAL}),
        gettext_noop("A code that proves who signs in"),
    ),
    Necessity(
        "account_message",
        LegalBasis.CONTRACT,
        gettext_noop("GDPR Art. 6(1)(b)"),
        MAIL,
        frozenset({Category.CONTACT, Category.IDENTITY}),
        gettext_noop("A message that the service itself needs: an invitation, a notice, an answer"),
    ),
    Necessity(
        "legal_notice",
        LegalBasis.LEGAL_OBLIGATION,
        gettext_noop("GDPR Art. 12, 13, 19 and 34"),
        MAIL,
        frozenset({Category.CONTACT, Category.IDENTITY}),
        gettext_noop("A message that the law orders: a decision on a request, a change of policy, a breach"),
    ),
    Necessity(
        "sealed_storage",
        LegalBasis.CARE,
        gettext_noop("GDPR Art. 9(2)(h)"),
        frozenset({"scaleway", "aws"}),
        frozenset(Category),
        gettext_noop("Keeping files, sealed here before they leave, at the certified host"),
    ),
    Necessity(
        "appointment_reminder",
        LegalBasis.CARE,
        gettext_noop("GDPR Art. 9(2)(h)"),
        MAIL | {"bulkgate"},
        frozenset({Category.CONTACT, Category.APPOINTMENT}),
        gettext_noop("A reminder of day, hour and place, without a reason for the visit"),
    ),
    Necessity(
        "deletion_notice",
        LegalBasis.CONTRACT,
        gettext_noop("GDPR Art. 6(1)(b)"),
        frozenset({"bulkgate"}),
        frozenset({Category.CONTACT}),
        gettext_noop("A reminder that an account is about to be deleted, to a number its holder proved"),
    ),
    Necessity(
        "subscription_payment",
        LegalBasis.CONTRACT,
        gettext_noop("GDPR Art. 6(1)(b)"),
        frozenset({"viva"}),
        frozenset({Category.CONTACT, Category.IDENTITY, Category.FINANCIAL}),
        gettext_noop("The payment of a practice's subscription"),
    ),
    Necessity(
        "patient_payment",
        LegalBasis.CONTRACT,
        gettext_noop("GDPR Art. 6(1)(b)"),
        frozenset({"viva"}),
        frozenset({Category.CONTACT, Category.FINANCIAL}),
        gettext_noop("A payment that a patient begins themselves"),
    ),
    Necessity(
        "e_invoice",
        LegalBasis.LEGAL_OBLIGATION,
        gettext_noop("French Tax Code Art. 289 bis"),
        frozenset({"scell"}),
        frozenset({Category.CONTACT, Category.IDENTITY, Category.PROFESSIONAL, Category.FINANCIAL}),
        gettext_noop("An invoice that has to be issued electronically"),
    ),
    Necessity(
        "end_of_use",
        LegalBasis.LEGAL_OBLIGATION,
        gettext_noop("GDPR Art. 5(1)(e), 7(3), 17(1) and 28(3)(g)"),
        frozenset({"livekit", "google", "assemblyai", "resend"}),
        frozenset({Category.CONNECTION, Category.CONTACT}),
        gettext_noop(
            "Telling a service to stop, or to delete what it still holds: a consent was withdrawn, a link was cut, a visit is over"
        ),
    ),
    Necessity(
        "coverage_check",
        LegalBasis.CARE,
        gettext_noop("GDPR Art. 9(2)(h)"),
        frozenset({"payer"}),
        frozenset({Category.IDENTITY}),
        gettext_noop("Asking the patient's payer whether they are covered, by the number that the patient gave for it"),
    ),
    Necessity(
        "signature_proof",
        LegalBasis.CONTRACT,
        gettext_noop("GDPR Art. 6(1)(b)"),
        frozenset({"scell"}),
        frozenset({Category.CONTACT, Category.IDENTITY}),
        gettext_noop("How a signature ended that was asked for, and its proof"),
    ),
)

NECESSITIES: Final = MappingProxyType({each.name: each for each in _ALL})
"""The closed register. A new name is a decision about the law: it comes with an entry of the register of processing."""

_TOKEN = object()


@final
class Necessary:
    """One use of a necessity, for one person or nobody in particular. Made by :func:`necessary` only."""

    __slots__ = ("_file_id", "_necessity", "_subject_id")

    _necessity: Necessity
    _subject_id: UUID | None
    _file_id: UUID | None

    def __init__(self, mint: object, necessity: Necessity, subject_id: UUID | None, file_id: UUID | None) -> None:
        if mint is not _TOKEN:
            raise TypeError("A legal basis can't be made by hand; ask adapters.grounds.necessary")
        object.__setattr__(self, "_necessity", necessity)
        object.__setattr__(self, "_subject_id", subject_id)
        object.__setattr__(self, "_file_id", file_id)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("A legal basis can't be changed")

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError("A legal basis can't be copied or stored; name it and ask again where it is needed")

    def __repr__(self) -> str:
        return f"<Necessary {self.name} for {self.subject_id}>"

    @property
    def name(self) -> str:
        """Its name in the register."""
        return self._necessity.name

    @property
    def subject_id(self) -> UUID | None:
        """The account it is about."""
        return self._subject_id

    @property
    def file_id(self) -> UUID | None:
        """The patient's file it is about."""
        return self._file_id

    def check(self, now: datetime) -> None:
        """A basis in law holds without anybody's choice: what it covers is what :meth:`covers` asks."""

    def covers(self, subprocessor: str, categories: Collection[Category]) -> None:
        """Raises :class:`NoGround` when it doesn't reach this subprocessor, or not with data of these categories."""
        if subprocessor not in self._necessity.subprocessors:
            raise NoGround(Refusal("wrong_subprocessor", _("This legal basis doesn't cover this service.")))
        if set(categories) - self._necessity.categories:
            raise NoGround(Refusal("wrong_categories", _("This legal basis doesn't cover this kind of data.")))


def necessary(name: str, *, subject_id: UUID | None = None, file_id: UUID | None = None) -> Necessary:
    """The legal basis ``name`` for one person. Raises LookupError with the names that exist."""
    if name not in NECESSITIES:
        raise LookupError(f"{name!r} is no necessity; there are: {', '.join(NECESSITIES)}")
    return Necessary(_TOKEN, NECESSITIES[name], subject_id, file_id)


_kinds: set[type] = {Necessary}


def accept(kind: type) -> None:
    """Have a class count as a ground: called by ``consents`` when it starts, for its two kinds of grants."""
    _kinds.add(kind)


def must_be_genuine(ground: object) -> None:
    """Raises TypeError for anything but a legal basis from here or a grant from the ledger, subclasses too."""
    if type(ground) not in _kinds:
        raise TypeError("Nothing leaves without a ground: a grant of consents.grants, or adapters.grounds.necessary")
