"""The ten subprocessors, version by version, and the shape of a row. Pure: no Django here.

A version is never edited: a change is a new version with a later day. What isn't known isn't claimed: no paper of ours is on
file for the first version, only what the published policy states. What follows from the rows stands in :mod:`privacy.subprocessors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from privacy.clocks import Period
from privacy.declare import Category
from privacy.purposes import Purpose
from privacy.wording import gettext_noop as _


class Kind(StrEnum):
    """What makes a transfer out of the European Economic Area lawful (GDPR Art. 45 and 46)."""

    SCC = "SCC"
    DPF = "DPF"
    ADEQUACY = "adequacy"


KINDS: Final[Mapping[Kind, str]] = {
    Kind.SCC: _("Standard contractual clauses (Commission decision 2021/914)"),
    Kind.DPF: _("EU-US Data Privacy Framework (Commission decision 2023/1795)"),
    Kind.ADEQUACY: _("Adequacy decision of the Commission (GDPR Art. 45)"),
}
COUNTS_FOR: Final[Mapping[Kind, Period]] = {
    Kind.SCC: Period(years=2),
    Kind.DPF: Period(years=1),
    Kind.ADEQUACY: Period(years=2),
}
"""For how long one check of a mechanism counts: a year where the provider itself has to certify again every year."""

COUNTRIES: Final[Mapping[str, str]] = {
    "FR": _("France"),
    "IE": _("Ireland"),
    "GR": _("Greece"),
    "CZ": _("Czech Republic"),
    "EU": _("European Union"),
    "US": _("United States"),
}


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A basis for a transfer: the day it was checked, and the last day on which that check counts."""

    kind: Kind
    checked_on: date
    expires_on: date

    def counts_on(self, day: date) -> bool:
        """Whether a transfer may rest on it on ``day``."""
        return self.checked_on <= day <= self.expires_on


def checked(kind: Kind, on: date) -> Mechanism:
    """A mechanism that was checked on a day and counts for its term."""
    return Mechanism(kind, on, COUNTS_FOR[kind].after(on))


@dataclass(frozen=True, slots=True)
class Host:
    """A name that may be called, with the region behind it. ``below``: names under it too (a bucket's own address)."""

    name: str
    region_in_eea: bool
    below: bool = False

    def answers_to(self, hostname: str) -> bool:
        """Whether ``hostname`` is this one; letter case and a last dot don't matter."""
        asked = hostname.lower().removesuffix(".")
        return asked == self.name or (self.below and asked.endswith(f".{self.name}"))


@dataclass(frozen=True, slots=True)
class Subprocessor:
    """One of those who process data for us, as a version of the register has it. Texts are English sources.

    ``country`` is where the company sits, ``EU`` where we run the software ourselves; ``switches`` are the slots of the consent
    ledger that open it, empty where a law or contract does. ``dpa_on`` is None while no signed agreement is on file;
    ``evidence`` says what is. ``may_carry_health``: health content in readable form may be handed to it.
    """

    key: str
    name: str
    company: str
    country: str
    in_eea: bool
    purpose: str
    purposes: frozenset[Purpose]
    categories: frozenset[Category]
    opened_by: str
    hosts: tuple[Host, ...]
    switches: tuple[str, ...] = ()
    mechanisms: tuple[Mechanism, ...] = ()
    certification: str = ""
    dpa_on: date | None = None
    evidence: str = ""
    may_carry_health: bool = False

    @property
    def transfers(self) -> bool:
        """Whether data leave the EEA: the company sits outside, or a host does. Computed, never typed."""
        return not self.in_eea or not all(host.region_in_eea for host in self.hosts)

    @property
    def mechanism(self) -> Mechanism | None:
        """The mechanism that counts longest; None when there is none."""
        return max(self.mechanisms, key=lambda one: one.expires_on, default=None)

    def host(self, hostname: str) -> Host | None:
        """The row of the register for a name to be called; None for a name that nobody registered."""
        return next((host for host in self.hosts if host.answers_to(hostname)), None)

    def has_basis_on(self, day: date) -> bool:
        """Whether nothing is transferred, or a mechanism counts on ``day``."""
        return not self.transfers or any(one.counts_on(day) for one in self.mechanisms)


@dataclass(frozen=True, slots=True)
class RegisterVersion:
    """The whole register from a day on."""

    number: int
    announced_on: date
    effective_on: date
    entries: tuple[Subprocessor, ...]

    def entry(self, key: str) -> Subprocessor | None:
        """The subprocessor ``key``, if this version has it."""
        return next((one for one in self.entries if one.key == key), None)


_POLICY_DAY: Final = date(2026, 5, 14)
_STATED: Final = _(
    "Our policy of 14 May 2026 states that an agreement under Art. 28 GDPR is signed. The paper and its date aren't on file here."
)
_OURSELVES: Final = _("We run this software ourselves: there is nobody to sign an agreement with.")
_EVERYTHING: Final = frozenset(Category)
_INTEGRATION: Final = "third_party_integrations."
_SCC, _DPF = checked(Kind.SCC, _POLICY_DAY), checked(Kind.DPF, _POLICY_DAY)

_FIRST: Final = (
    Subprocessor(
        key="scaleway",
        name="Scaleway",
        company="Scaleway",
        country="FR",
        in_eea=True,
        purpose=_("Hosting of the service, storage of files that are sealed before they leave, and a mail server"),
        purposes=frozenset(Purpose),
        categories=_EVERYTHING,
        opened_by=_("Needed for the service: the contract, and care under professional secrecy"),
        hosts=(Host("s3.fr-par.scw.cloud", True, below=True), Host("smtp.tem.scw.cloud", True)),
        certification=_("Hosting of health data (HDS), as our policy states; no certificate is on file here"),
        evidence=_STATED,
        may_carry_health=True,
    ),
    Subprocessor(
        key="aws",
        name="Amazon Web Services",
        company="Amazon Web Services",
        country="IE",
        in_eea=True,
        purpose=_("Additional storage of sealed files that hold no health data, in the region of Ireland only"),
        purposes=frozenset({Purpose.SERVICE, Purpose.BILLING, Purpose.LEGAL}),
        categories=_EVERYTHING - {Category.HEALTH},
        opened_by=_("Needed for the service: the contract"),
        hosts=(Host("s3.eu-west-1.amazonaws.com", True, below=True),),
        mechanisms=(_SCC,),
        evidence=_STATED,
    ),
    Subprocessor(
        key="viva",
        name="Viva Payment Services",
        company="Viva Wallet & Viva Payment Services S.A.",
        country="GR",
        in_eea=True,
        purpose=_("Payment of subscriptions, and of what patients pay to their practitioner"),
        purposes=frozenset({Purpose.BILLING}),
        categories=frozenset({Category.IDENTITY, Category.CONTACT, Category.FINANCIAL}),
        opened_by=_("The contract for subscriptions; for patients' payments the practitioner's own switch"),
        hosts=tuple(Host(f"{name}.vivapayments.com", True) for name in ("accounts", "api", "www")),
        switches=(_INTEGRATION + "viva",),
        evidence=_STATED,
    ),
    Subprocessor(
        key="scell",
        name="Scell.io",
        company="Scell.io",
        country="FR",
        in_eea=True,
        purpose=_("Electronic invoices, and signatures of documents that the practitioner chooses"),
        purposes=frozenset({Purpose.BILLING, Purpose.SERVICE}),
        categories=frozenset({Category.IDENTITY, Category.CONTACT, Category.PROFESSIONAL, Category.FINANCIAL}),
        opened_by=_("The law for invoices that have to be electronic; else the practitioner's own switch"),
        hosts=(Host("api.scell.io", True),),
        switches=(_INTEGRATION + "scell",),
        evidence=_STATED,
    ),
    Subprocessor(
        key="livekit",
        name="LiveKit",
        company="PratiConnect SAS",
        country="EU",
        in_eea=True,
        purpose=_("Picture and sound of video visits, on a server of our own in the European Union"),
        purposes=frozenset({Purpose.CARE}),
        categories=frozenset({Category.HEALTH, Category.CONNECTION}),
        opened_by=_("The practitioner's own switch, and the patient's consent to teleconsultation"),
        hosts=(Host("livekit.praticonnect.com", True),),
        switches=(_INTEGRATION + "livekit",),
        evidence=_OURSELVES,
        may_carry_health=True,
    ),
    Subprocessor(
        key="google",
        name="Google Ireland",
        company="Google Ireland Ltd.",
        country="IE",
        in_eea=True,
        purpose=_("Busy times in the practitioner's Google Calendar, without patient or reason"),
        purposes=frozenset({Purpose.SERVICE, Purpose.CARE}),
        categories=frozenset({Category.APPOINTMENT}),
        opened_by=_("The practitioner's own switch, and their sign-in at Google"),
        hosts=(
            Host("accounts.google.com", False),
            Host("oauth2.googleapis.com", False),
            Host("www.googleapis.com", False),
        ),
        switches=(_INTEGRATION + "google",),
        mechanisms=(_SCC, _DPF),
        evidence=_STATED,
    ),
    Subprocessor(
        key="mistral",
        name="Mistral AI",
        company="Mistral AI",
        country="FR",
        in_eea=True,
        purpose=_("Drafts that a practitioner asks for, from text without names"),
        purposes=frozenset({Purpose.CARE}),
        categories=frozenset({Category.HEALTH}),
        opened_by=_("The practitioner's own switch, and the patient's authorisation"),
        hosts=(Host("api.mistral.ai", True),),
        switches=(_INTEGRATION + "mistral",),
        evidence=_STATED,
        may_carry_health=True,
    ),
    Subprocessor(
        key="assemblyai",
        name="AssemblyAI",
        company="AssemblyAI",
        country="US",
        in_eea=False,
        purpose=_("The sound of a visit turned into text, on servers in the European Union, and deleted there at once"),
        purposes=frozenset({Purpose.CARE}),
        categories=frozenset({Category.HEALTH}),
        opened_by=_("The practitioner's own switch, and the patient's authorisation"),
        hosts=(Host("api.eu.assemblyai.com", True),),
        switches=(_INTEGRATION + "assemblyai",),
        mechanisms=(_SCC,),
        evidence=_STATED,
        may_carry_health=True,
    ),
    Subprocessor(
        key="bulkgate",
        name="BulkGate",
        company="BulkGate",
        country="CZ",
        in_eea=True,
        purpose=_("Text messages: sign-in codes, and reminders without a reason for the visit"),
        purposes=frozenset({Purpose.SERVICE, Purpose.CARE, Purpose.LEGAL}),
        categories=frozenset({Category.CONTACT, Category.CREDENTIAL, Category.APPOINTMENT}),
        opened_by=_("Needed for the service: the safety of sign-in, and the appointment itself"),
        hosts=(Host("portal.bulkgate.com", True),),
        evidence=_STATED,
    ),
    Subprocessor(
        key="resend",
        name="Resend",
        company="Resend, Inc.",
        country="US",
        in_eea=False,
        purpose=_("E-mail the service needs, and news for those who agreed to it; never health data"),
        purposes=frozenset({Purpose.SERVICE, Purpose.CARE, Purpose.BILLING, Purpose.IMPROVEMENT, Purpose.LEGAL}),
        categories=frozenset({Category.IDENTITY, Category.CONTACT, Category.CREDENTIAL, Category.APPOINTMENT}),
        opened_by=_("The contract and the law for messages the service needs; for news your consent"),
        hosts=(Host("api.resend.com", False), Host("smtp.resend.com", False)),
        switches=("marketing_emails",),
        mechanisms=(_SCC, _DPF),
        evidence=_STATED,
    ),
)

VERSIONS: tuple[RegisterVersion, ...] = (RegisterVersion(1, _POLICY_DAY, _POLICY_DAY, _FIRST),)
"""Every version, the oldest first. The first came with the policy itself, so that there was nobody to tell before."""
