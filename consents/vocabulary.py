"""Our keys in the words of the W3C Data Privacy Vocabulary 2.2, for receipts (NEW-01). Pure."""

from dataclasses import dataclass

from consents.states import Action
from privacy.consent_keys import Kind

CONTEXT: dict[str, object] = {
    "id": "@id",
    "type": "@type",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "legal-eu": "https://w3id.org/dpv/legal/eu#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "pc": "https://praticonnect.com/ns/consent#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "sec": "https://w3id.org/security#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{
        f"dpv:{name}": {"@id": f"dpv:{name}", "@type": "@id"}
        for name in (
            "hasApplicableLaw",
            "hasContractControl",
            "hasJurisdiction",
            "hasLegalBasis",
            "hasLocation",
            "hasNoticeStatus",
            "hasPersonalData",
            "isExercisedAt",
        )
    },
    "dct:conformsTo": {"@id": "dct:conformsTo", "@type": "@id"},
    "skos:broader": {"@id": "skos:broader", "@type": "@id"},
    "dct:created": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "dct:date": {"@id": "dct:date", "@type": "xsd:date"},
    "dpv:isIndicatedAtTime": {"@id": "dpv:isIndicatedAtTime", "@type": "xsd:dateTime"},
    "proof": {"@id": "sec:proof", "@type": "@id", "@container": "@graph"},
    "DataIntegrityProof": "sec:DataIntegrityProof",
    "created": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "cryptosuite": "sec:cryptosuite",
    "proofPurpose": {"@id": "sec:proofPurpose", "@type": "@vocab"},
    "assertionMethod": {"@id": "sec:assertionMethod", "@type": "@id"},
    "verificationMethod": {"@id": "sec:verificationMethod", "@type": "@id"},
    "proofValue": {"@id": "sec:proofValue", "@type": "sec:multibase"},
}
"""Inlined in each receipt, so that its meaning needs no network."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a key is for and on which data, as terms of the vocabulary."""

    purpose: str
    data: tuple[str, ...]
    recipient: str = ""


TERMS: dict[str, Terms] = {
    "tos_privacy": Terms("dpv:EstablishContractualAgreement", ("pd:Name", "pd:EmailAddress")),
    "health_data_processing": Terms("dpv:RecordManagement", ("pd:HealthRecord",)),
    "marketing_emails": Terms("dpv:DirectMarketing", ("pd:EmailAddress",), "Resend, Inc."),
    "analytics_product": Terms("dpv:ServiceUsageAnalytics", ("pd:ServiceConsumptionBehaviour",)),
    "anonymized_stats_sharing": Terms("dpv:ResearchAndDevelopment", ("dpv:AnonymisedData",)),
    "ai_training_optin": Terms("dpv:ResearchAndDevelopment", ("dpv:PseudonymisedData",)),
    "third_party_integrations": Terms("dpv:RequestedServiceProvision", ("pd:Professional",)),
    "third_party_integrations.scell": Terms(
        "dpv:RequestedServiceProvision", ("pd:Name", "pd:PhysicalAddress"), "Scell.io"
    ),
    "third_party_integrations.viva": Terms(
        "dpv:PaymentManagement", ("pd:Name", "pd:Financial"), "Viva Payment Services"
    ),
    "third_party_integrations.google": Terms("dpv:RequestedServiceProvision", ("pd:Professional",), "Google Ireland"),
    "third_party_integrations.livekit": Terms(
        "dpv:RequestedServiceProvision", ("pd:VoiceCommunicationRecording",), "LiveKit"
    ),
    "third_party_integrations.mistral": Terms(
        "dpv:RequestedServiceProvision", ("dpv:PseudonymisedData",), "Mistral AI"
    ),
    "third_party_integrations.assemblyai": Terms(
        "dpv:RequestedServiceProvision", ("pd:VoiceCommunicationRecording",), "AssemblyAI"
    ),
    "teleconsultation": Terms("dpv:RequestedServiceProvision", ("pd:HealthRecord",)),
    "visit_recording": Terms("dpv:RequestedServiceProvision", ("pd:VoiceCommunicationRecording",)),
    "ai_assistance": Terms("dpv:RequestedServiceProvision", ("pd:HealthRecord", "pd:VoiceCommunicationRecording")),
    "patient_ai_training": Terms("dpv:ResearchAndDevelopment", ("dpv:PseudonymisedData",)),
    "post_mortem_directives": Terms("dpv:FulfilmentOfObligation", ("pd:Name", "pd:Contact")),
    "public_directory_listing": Terms("dpv:PublicRelations", ("pd:Name", "pd:Professional", "pd:PhysicalAddress")),
}

LEGAL_BASIS = {
    "6.1.a": "eu-gdpr:A6-1-a",
    "6.1.b": "eu-gdpr:A6-1-b",
    "9.2.a": "eu-gdpr:A9-2-a",
    "9.2.h": "eu-gdpr:A9-2-h",
}

CONSENT_STATUS = {
    Action.GIVEN: "dpv:ConsentGiven",
    Action.RENEWED: "dpv:RenewedConsentGiven",
    Action.REFUSED: "dpv:ConsentRefused",
    Action.WITHDRAWN: "dpv:ConsentWithdrawn",
}
CONTRACT_CONTROL = {
    Action.GIVEN: "dpv:AcceptContract",
    Action.RENEWED: "dpv:AcceptContract",
    Action.REFUSED: "dpv:RefuseContract",
    Action.WITHDRAWN: "dpv:TerminateContract",
}
NOTICE_STATUS = {
    Action.GIVEN: "dpv:NoticeUsed",
    Action.RENEWED: "dpv:NoticeUsed",
    Action.REFUSED: "dpv:NoticeUnused",
    Action.WITHDRAWN: "dpv:NoticeUnused",
}


def is_consent(kind: Kind) -> bool:
    """Whether an entry of this kind is a consent in the words of the standard (PC-09)."""
    return kind in (Kind.CONSENT, Kind.AUTHORISATION)


def standing(kind: Kind, action: Action) -> tuple[str, str]:
    """The property and the term that say what was done, in the words of its kind (PC-09)."""
    if kind is Kind.ACCEPTANCE:
        return "dpv:hasContractControl", CONTRACT_CONTROL[action]
    if kind is Kind.ACKNOWLEDGEMENT:
        return "dpv:hasNoticeStatus", NOTICE_STATUS[action]
    return "dpv:hasConsentStatus", CONSENT_STATUS[action]
