"""What a patient decides about their own file at one practice: four consents, each apart, each off until they act. Pure.

They stand in the same ledger as the eight keys of a practitioner's account (:mod:`privacy.consent_keys`), but their subject is a
patient's file and their controller the practice that keeps it. Where a practitioner's switch says ``needs_patient``, both must say yes.
"""

from collections.abc import Mapping
from typing import Final

from privacy.consent_keys import KEYS, ConsentKey, Default, Kind
from privacy.own_keys import OWN_KEYS
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

TELECONSULTATION: Final = "teleconsultation"
RECORDING: Final = "visit_recording"
AI_HELP: Final = "ai_assistance"
AI_TRAINING: Final = "patient_ai_training"

_KEYS = (
    ConsentKey(
        TELECONSULTATION,
        Kind.CONSENT,
        _("Informed consent to teleconsultation"),
        _("Being cared for by video"),
        Purpose.CARE,
        LegalBasis.EXPLICIT_CONSENT,
        Default.OFF,
        _("Video visits with this practice become possible, once the medical questionnaire is handed in."),
        _("Video visits with this practice end at once; your care goes on in every other way."),
    ),
    ConsentKey(
        RECORDING,
        Kind.AUTHORISATION,
        _("Recording of a video visit"),
        _("Keeping picture and sound of a visit for 90 days"),
        Purpose.CARE,
        LegalBasis.EXPLICIT_CONSENT,
        Default.OFF,
        _("A video visit may be recorded when your practitioner asks for it too; it is kept 90 days."),
        _("No visit is recorded any more; a recording that is running stops."),
    ),
    ConsentKey(
        AI_HELP,
        Kind.AUTHORISATION,
        _("Help by artificial intelligence"),
        _("Drafts and transcriptions for your practitioner"),
        Purpose.CARE,
        LegalBasis.EXPLICIT_CONSENT,
        Default.OFF,
        _("Your practitioner may have a draft written or a visit's sound turned into text by a machine."),
        _("Nothing of your file goes to such a service any more; work that waits is dropped."),
    ),
    ConsentKey(
        AI_TRAINING,
        Kind.CONSENT,
        _("Extracts without names to train assistance"),
        _("Improvement of assistance models for transcription and suggestions"),
        Purpose.IMPROVEMENT,
        LegalBasis.EXPLICIT_CONSENT,
        Default.OFF,
        _("Extracts of your file, without names, may train our models if your practitioner agrees too."),
        _("Nothing of your file enters the next training set; past sets are marked with your choice."),
    ),
)

PATIENT_KEYS: Final[dict[str, ConsentKey]] = {key.key: key for key in _KEYS}
"""The four in the order of the patient's page."""

EVERY_KEY: Final[dict[str, ConsentKey]] = KEYS | OWN_KEYS | PATIENT_KEYS
"""All keys of the ledger."""

GOES_WITH: Final[Mapping[str, frozenset[str]]] = {
    TELECONSULTATION: frozenset({"third_party_integrations.livekit"}),
    RECORDING: frozenset({"third_party_integrations.livekit"}),
    AI_HELP: frozenset({"third_party_integrations.mistral", "third_party_integrations.assemblyai"}),
    AI_TRAINING: frozenset({"ai_training_optin"}),
}
"""The switches of the practitioner beside which each of them counts; without the practitioner's own yes it opens nothing."""


def needs_patient(key: str, child: str = "") -> bool:
    """Whether this switch of a practitioner needs the patient's own yes as well (PC-22)."""
    law = KEYS.get(key)
    return law is not None and (law.child(child).needs_patient if child else law.needs_patient)
