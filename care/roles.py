"""Who may see and do what, each kind of recipient as one class; pages, gate, queries and documents read it here (MD-40).

A right says what somebody may do at all. Whether they may do it in one patient's file depends on what opens the file to
them: the care relationship, the patient's consent, an emergency, an order. Who has no way has no content, whatever else
they may do.
"""

from enum import StrEnum
from typing import ClassVar, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Right(StrEnum):
    """One thing that a role may do."""

    LIST = "list"
    IDENTITY = "identity"
    CONTENT = "content"
    WRITE = "write"
    SIGN = "sign"
    EXPORT = "export"
    CONSENT = "consent"
    EMERGENCY = "emergency"
    INVITE = "invite"
    REVIEW = "review"
    ORDER = "order"


class Way(StrEnum):
    """What opens the content of one file."""

    CARE = "care"
    CONSENT = "consent"
    EMERGENCY = "emergency"
    ORDER = "order"


RIGHTS: Final[dict[Right, Words]] = {
    Right.LIST: _("find a patient by name in the practice's list"),
    Right.IDENTITY: _("see identity, contact and days of visits"),
    Right.CONTENT: _("read consultations, measures and documents"),
    Right.WRITE: _("write drafts, measures and documents"),
    Right.SIGN: _("sign and amend consultations"),
    Right.EXPORT: _("print, download and export"),
    Right.CONSENT: _("record what the patient decides on the team's access"),
    Right.EMERGENCY: _("open a file in an emergency, with a reason, for an hour"),
    Right.INVITE: _("invite members of the team and end their access"),
    Right.REVIEW: _("review emergency openings"),
    Right.ORDER: _("confirm, refuse and end what an authority's order opens"),
}

WAYS: Final[dict[Way, Words]] = {
    Way.CARE: _("of patients in their own care"),
    Way.CONSENT: _("of patients who agreed to the team's access, until they take it back"),
    Way.EMERGENCY: _("of one patient, in an emergency, for an hour"),
    Way.ORDER: _("of the files that an order names, in its parts, until its end"),
}


class Recipient:
    """A kind of recipient. ``key`` is what the journals keep; the rest is what it may."""

    key: ClassVar[str]
    name: ClassVar[Words]
    who: ClassVar[Words]
    rights: ClassVar[frozenset[Right]] = frozenset()
    ways: ClassVar[frozenset[Way]] = frozenset()
    in_practice: ClassVar[bool] = False
    """Works in a practice, by a membership of this role."""
    signs_agreement: ClassVar[bool] = False
    """Has no access before the confidentiality agreement is signed (MD-41)."""
    holds_factor: ClassVar[bool] = False
    """Signs in with a passkey or an app: a delivered code isn't enough (PC-81)."""

    @classmethod
    def may(cls, right: Right) -> bool:
        """Whether the role has this right at all."""
        return right in cls.rights

    @classmethod
    def may_say(cls) -> list[Words]:
        """What it may, in words."""
        return [words for right, words in RIGHTS.items() if right in cls.rights]

    @classmethod
    def may_not_say(cls) -> list[Words]:
        """What it may not, in words."""
        return [words for right, words in RIGHTS.items() if right not in cls.rights]

    @classmethod
    def ways_say(cls) -> list[Words]:
        """Whose content it may read, in words; none for who reads none."""
        return [words for way, words in WAYS.items() if way in cls.ways]


class Practitioner(Recipient):
    """In charge of whom they treat; of other patients of the practice they see nothing but in an emergency."""

    key = "practitioner"
    name = _("practitioner in charge")
    who = _("The practitioner who treats the patient. A colleague in the same practice who doesn't is a stranger.")
    rights = frozenset(set(Right) - {Right.INVITE, Right.REVIEW, Right.ORDER})
    ways = frozenset({Way.CARE, Way.EMERGENCY})
    in_practice = True


class Owner(Practitioner):
    """Answers for the practice and its team."""

    key = "owner"
    name = _("chief physician")
    who = _("The practitioner who answers for the practice and for its team.")
    rights = frozenset(Right)


class Assistant(Recipient):
    """Receives patients: identity and visits; content only with the patient's consent, to read."""

    key = "assistant"
    name = _("practice assistant")
    who = _("Receives the patients of the practice and keeps its agenda.")
    rights = frozenset({Right.LIST, Right.IDENTITY, Right.CONTENT})
    ways = frozenset({Way.CONSENT})
    in_practice = signs_agreement = holds_factor = True


class Staff(Recipient):
    """Helps with care, under the chief physician: with the patient's consent also writes, never signs."""

    key = "staff"
    name = _("staff under the chief physician")
    who = _("Helps to care for the patients, under the chief physician's authority.")
    rights = frozenset({Right.LIST, Right.IDENTITY, Right.CONTENT, Right.WRITE, Right.EMERGENCY})
    ways = frozenset({Way.CONSENT, Way.EMERGENCY})
    in_practice = signs_agreement = holds_factor = True


class TechnicalProvider(Recipient):
    """Keeps the practice's equipment working: no patient, no file."""

    key = "technician"
    name = _("technical provider")
    who = _("Looks after the practice's equipment and settings; sees no patient.")
    in_practice = signs_agreement = holds_factor = True


class HostAdministrator(Recipient):
    """Keeps the machines running: no content at all."""

    key = "host"
    name = _("host administrator")
    who = _("Runs the servers on which everything lies sealed; reads no file.")
    holds_factor = True


class Officer(Recipient):
    """The data protection officer: metadata, journals and requests, never a file."""

    key = "dpo"
    name = _("data protection officer")
    who = _("Watches over the rules: journals, requests, reviews. Reads no file.")
    rights = frozenset({Right.REVIEW})
    holds_factor = True


class Authority(Recipient):
    """A court or an authority: exactly what its order names, to read, until its end."""

    key = "authority"
    name = _("court or authority")
    who = _("A named person who reads what a dated order names, and nothing else.")
    rights = frozenset({Right.IDENTITY, Right.CONTENT})
    ways = frozenset({Way.ORDER})
    holds_factor = True


class Emergency(Recipient):
    """Whoever opened one file in an emergency, as the journal shows it: reads it, for an hour."""

    key = "emergency"
    name = _("emergency access")
    who = _("A practitioner or staff of the practice who opened one file in an emergency and said why.")
    rights = frozenset({Right.IDENTITY, Right.CONTENT})
    ways = frozenset({Way.EMERGENCY})


RECIPIENTS: Final[dict[str, type[Recipient]]] = {
    role.key: role
    for role in (
        Owner, Practitioner, Assistant, Staff, TechnicalProvider, HostAdministrator, Officer, Authority, Emergency,
    )
}  # fmt: skip
TEAM: Final = tuple(role.key for role in RECIPIENTS.values() if role.signs_agreement)
"""The roles that an owner invites somebody to."""
PRACTISING: Final = (Owner.key, Practitioner.key)


def recipient(role: str) -> type[Recipient] | None:
    """The class of a role as the journals name it; None for others (a patient, the house itself)."""
    return RECIPIENTS.get(role)


def lacks(role: str, right: Right) -> bool:
    """Whether this is a recipient's role that doesn't have the right; the house's own work has no such limits."""
    known = RECIPIENTS.get(role)
    return known is not None and not known.may(right)
