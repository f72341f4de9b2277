"""The eight keys of the consent ledger, in four kinds that are never mixed. Pure: no Django here.

Only five of the eight are consents (PC-09). ``tos_privacy`` is the acceptance of a contract,
``health_data_processing`` the acknowledgement of what the law has a practitioner do, and
``third_party_integrations`` an authorisation per integration. Every key is off until an act turns
it on (PC-14). What each turn of a switch does stands here in one line, shown before it is flipped.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from privacy.purposes import LegalBasis, Purpose
from privacy.subprocessors import Subprocessor, entry
from privacy.wording import gettext_noop as _


class Kind(StrEnum):
    """What turning a key on means in law."""

    ACCEPTANCE = "acceptance"
    ACKNOWLEDGEMENT = "acknowledgement"
    CONSENT = "consent"
    AUTHORISATION = "authorisation"


class Default(StrEnum):
    """When the key is asked for. None is on, or ticked, before the person acts."""

    AT_SIGN_UP = "mandatory at sign-up"
    FOR_CORE = "mandatory for core functions"
    CHOICE_AT_SIGN_UP = "an explicit choice at sign-up"
    OFF = "off by default"


@dataclass(frozen=True, slots=True)
class Child:
    """One integration under ``third_party_integrations`` (PC-22); its key is the subprocessor's own in their register."""

    key: str
    turning_on: str
    turning_off: str
    needs_patient: bool = False
    """A patient's own authorisation is needed as well: the practitioner can't give it (PC-22)."""

    def provider(self, day: date) -> Subprocessor:
        """Who it is, as the register of subprocessors has it on a day."""
        return entry(self.key, day)


@dataclass(frozen=True, slots=True)
class ConsentKey:
    """One key: its kind, why it exists, on which basis, and what each position does."""

    key: str
    kind: Kind
    title: str
    purpose_text: str
    purpose: Purpose
    basis: LegalBasis
    default: Default
    turning_on: str
    turning_off: str
    children: tuple[Child, ...] = ()
    needs_patient: bool = False

    @property
    def mandatory(self) -> bool:
        """Whether the service, or its core, can't be had without it."""
        return self.default in (Default.AT_SIGN_UP, Default.FOR_CORE)

    @property
    def revocable_by_switch(self) -> bool:
        """Whether off is a plain switch; an acceptance or acknowledgement ends on its own page."""
        return self.kind in (Kind.CONSENT, Kind.AUTHORISATION)

    def child(self, key: str) -> Child:
        """The integration ``key``. Raises KeyError with the ones that exist."""
        for child in self.children:
            if child.key == key:
                return child
        known = ", ".join(child.key for child in self.children) or "none"
        raise KeyError(f"{self.key} has no integration {key!r}; it has: {known}")


INTEGRATIONS = (
    Child(
        "scell",
        _("Invoices and documents you choose are sent to Scell.io to be issued or signed."),
        _("Nothing more is sent to Scell.io; invoices and signatures already made stay valid."),
    ),
    Child(
        "viva",
        _("Viva takes payments for you; it receives the amount and the payer's contact."),
        _("No new payment is taken through Viva; payments already made stay in your books."),
    ),
    Child(
        "google",
        _("Your appointments appear in Google Calendar as busy times, without any health data."),
        _("The link to Google is cut and its access token destroyed."),
    ),
    Child(
        "livekit",
        _("Video visits become possible; recording one needs the patient's own agreement too."),
        _("No new video room opens; a visit that is under way ends."),
        needs_patient=True,
    ),
    Child(
        "mistral",
        _("You can ask for a draft; the text goes to Mistral without names, if the patient agrees."),
        _("No text goes to Mistral any more; drafts you accepted stay in your files."),
        needs_patient=True,
    ),
    Child(
        "assemblyai",
        _("A visit's sound can be turned into text by AssemblyAI, if the patient agrees."),
        _("No sound goes to AssemblyAI any more; work that waits is dropped, its copies deleted."),
        needs_patient=True,
    ),
)

_KEYS = (
    ConsentKey(
        "tos_privacy",
        Kind.ACCEPTANCE,
        _("Terms of service and privacy policy"),
        _("Acceptance of the service contract"),
        Purpose.SERVICE,
        LegalBasis.CONTRACT,
        Default.AT_SIGN_UP,
        _("You conclude the contract with PratiConnect."),
        _("You end the contract: this opens the deletion of your account, which you can take back."),
    ),
    ConsentKey(
        "health_data_processing",
        Kind.ACKNOWLEDGEMENT,
        _("Processing of patients' health data"),
        _("Keeping patients' records on certified hosting"),
        Purpose.CARE,
        LegalBasis.CARE,
        Default.FOR_CORE,
        _("Patient files, consultations and imports open."),
        _("Patient files, consultations and imports close at once; nothing is deleted."),
    ),
    ConsentKey(
        "marketing_emails",
        Kind.CONSENT,
        _("Newsletter and marketing e-mails"),
        _("Newsletter, professional tips, product news"),
        Purpose.IMPROVEMENT,
        LegalBasis.CONSENT,
        Default.OFF,
        _("We may send you news by e-mail; each message has a link that stops them."),
        _("No news is sent any more, not even what is already queued."),
    ),
    ConsentKey(
        "analytics_product",
        Kind.CONSENT,
        _("Analysis of how you use the product"),
        _("Analysis of which features are used"),
        Purpose.IMPROVEMENT,
        LegalBasis.CONSENT,
        Default.OFF,
        _("We count which features you use, never what you write in them."),
        _("Counting stops at once, and what was counted under your name is erased."),
    ),
    ConsentKey(
        "anonymized_stats_sharing",
        Kind.CONSENT,
        _("Anonymous statistics of the profession"),
        _("Sharing of statistics in which nobody can be recognised"),
        Purpose.IMPROVEMENT,
        LegalBasis.CONSENT,
        Default.OFF,
        _("Your practice counts in published totals, in groups too large to recognise anyone."),
        _("Your practice leaves the next publication; totals already published can't be recalled."),
    ),
    ConsentKey(
        "ai_training_optin",
        Kind.CONSENT,
        _("Pseudonymised reuse to train AI assistance"),
        _("Improvement of assistance models for transcription and suggestions"),
        Purpose.IMPROVEMENT,
        LegalBasis.EXPLICIT_CONSENT,
        Default.OFF,
        _("Extracts without names may train our models, only from patients who agreed themselves."),
        _("Nothing of yours enters the next training set; past sets are marked with your choice."),
        needs_patient=True,
    ),
    ConsentKey(
        "third_party_integrations",
        Kind.AUTHORISATION,
        _("Integrations with other services"),
        _("Activation of each optional integration, one by one"),
        Purpose.SERVICE,
        LegalBasis.CONTRACT,
        Default.OFF,
        _("You can turn on integrations, each with its own switch; none starts by itself."),
        _("Every integration is turned off at once."),
        children=INTEGRATIONS,
    ),
    ConsentKey(
        "public_directory_listing",
        Kind.CONSENT,
        _("Public PratiConnect directory"),
        _("Public visibility in the directory, in free listing too"),
        Purpose.SERVICE,
        LegalBasis.CONSENT,
        Default.CHOICE_AT_SIGN_UP,
        _("Anyone can find your name, specialty and professional address in the directory."),
        _("Your page leaves the directory and its search with the next request."),
    ),
)

KEYS: dict[str, ConsentKey] = {key.key: key for key in _KEYS}
"""The eight keys in the order of the policy."""
