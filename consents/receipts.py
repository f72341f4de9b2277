"""A receipt per entry: ISO/IEC TS 27560 in JSON-LD with the W3C vocabulary, signed (NEW-01).

The receipt carries its context, the wording that was shown and the address of that wording, and a
Data Integrity proof (``eddsa-jcs-2022``): a third party checks it offline with the published key
and ``tools/verify_receipt.py``. It holds no name: the person is a random identifier.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from audit import signing
from care.models import Practice
from consents import jcs, notices
from consents.models import ConsentEvent
from consents.states import Action
from consents.vocabulary import CONTEXT, LEGAL_BASIS, TERMS, is_consent, standing
from privacy.consent_keys import Kind
from privacy.patient_keys import EVERY_KEY, PATIENT_KEYS
from privacy.retention_rules import RULES

PROFILE = "https://w3id.org/dpv/schema/dpv-27560"
PATIENTS_CENTRE = "/patient/privacy/"
PATIENTS_CHOICES = "/patient/privacy/consents/"
PRIVACY_RIGHTS = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21", "A77")

Node = dict[str, Any]


def receipt(event: ConsentEvent, *, now: datetime) -> Node:
    """The signed receipt of one entry; ``now`` is the moment of signing."""
    document: Node = {
        "@context": [CONTEXT],
        "id": event.pk.urn,
        "type": "dpv:ConsentReceipt" if is_consent(Kind(event.kind)) else "pc:DecisionReceipt",
        "dct:identifier": str(event.pk),
        "dct:conformsTo": f"{PROFILE}#receipt-eu-gdpr",
        "dct:created": _instant(event.at),
        "dct:publisher": settings.CONTROLLER["name"],
        "schema:recipient": {"id": event.subject_id.urn, "type": "dpv:DataSubject"},
        "dpv:hasRecordOfActivity": _record(event),
    }
    return signed(document, now=now)


def signed(document: Node, *, now: datetime) -> Node:
    """``document`` with its proof by the house's current signing key."""
    key_id = next(iter(signing.public_keys()))
    options: Node = {
        "@context": document["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": jcs.SUITE,
        "created": _instant(now),
        "verificationMethod": f"{_address('/privacy/keys.json')}#{key_id}",
        "proofPurpose": "assertionMethod",
    }
    signature = signing.sign(jcs.to_sign(document, options))
    return {**document, "proof": {**options, "proofValue": jcs.multibase(signature.value)}}


def is_genuine(document: Node) -> bool:
    """Whether one of our keys made the proof of this document, over all of it."""
    content = {name: value for name, value in document.items() if name != "proof"}
    try:
        proof = dict(document["proof"])
        value = jcs.unbase(proof.pop("proofValue"))
        key_id = proof["verificationMethod"].rpartition("#")[2]
        return signing.verify(jcs.to_sign(content, proof), signing.Signature(key_id, value))
    except (KeyError, TypeError, ValueError, OverflowError):
        return False


def _record(event: ConsentEvent) -> Node:
    kind = Kind(event.kind)
    return {
        "id": f"{event.pk.urn}#record",
        "type": "dpv:ConsentRecord" if is_consent(kind) else "dpv:DataProcessingRecord",
        "dct:identifier": f"{event.pk}#record",
        "dct:conformsTo": f"{PROFILE}#record-eu-gdpr",
        "dpv:hasDataSubject": {"id": event.subject_id.urn, "type": "dpv:DataSubject"},
        "dpv:hasDataController": _controller(event),
        "dpv:hasJurisdiction": "loc:EU",
        "dpv:hasApplicableLaw": "legal-eu:law-GDPR",
        "dpv:hasLegalBasis": LEGAL_BASIS[EVERY_KEY[event.key].basis],
        "dpv:hasNotice": _notice(event),
        "dpv:hasProcess": _process(event),
        **_standing(event),
        "dpv:hasConsentControl": {
            "type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"],
            "dpv:isExercisedAt": _address(PATIENTS_CHOICES if _is_patients(event) else reverse("consents:switches")),
        },
        "dpv:hasRight": [
            {
                "type": ["dpv:DataSubjectRight", f"eu-gdpr:{article}"],
                "dpv:isExercisedAt": "https://www.cnil.fr"
                if article == "A77"
                else _address(PATIENTS_CENTRE if _is_patients(event) else "/practitioner/settings/gdpr"),
            }
            for article in PRIVACY_RIGHTS
        ],
        **_our_terms(event),
    }


def _is_patients(event: ConsentEvent) -> bool:
    return event.key in PATIENT_KEYS


def _controller(event: ConsentEvent) -> Node:
    """The practice that a patient decided towards, for which we process; else us. A practice that closed has no name any more."""
    practice = Practice.objects.filter(pk=event.controller_id).first() if event.controller_id else None
    if event.controller_id is not None:
        contact = settings.CONTROLLER["dpo_email"]
        name = practice.name if practice else ""
        return {
            "id": event.controller_id.urn, "type": "dpv:DataController", "dpv:hasName": name, "dpv:hasContact": contact,
        }  # fmt: skip
    return {
        "type": "dpv:DataController",
        "dpv:hasName": settings.CONTROLLER["name"],
        "dpv:hasAddress": settings.CONTROLLER["address"],
        "dpv:hasContact": settings.CONTROLLER["dpo_email"],
    }


def _notice(event: ConsentEvent) -> Node:
    text = event.text
    return {
        "id": _address(reverse("consents:text", args=[text.sha256])),
        "type": "dpv:ConsentNotice" if is_consent(Kind(event.kind)) else "dpv:PrivacyNotice",
        "dct:title": notices.parse(text.content).title,
        "dct:date": text.effective_on.isoformat(),
        "dct:language": text.language,
        "pc:version": text.number,
        "pc:sha256": text.sha256,
        "schema:text": text.content,
    }


def _process(event: ConsentEvent) -> Node:
    terms, wording = TERMS[event.slot], notices.parse(event.text.content)
    return {
        "type": "dpv:Process",
        "dpv:hasPurpose": {
            "type": "dpv:Purpose",
            "skos:broader": terms.purpose,
            "dct:description": wording.purpose,
        },
        "dpv:hasPersonalData": list(terms.data),
        "dpv:hasRecipient": {
            "type": "dpv:Recipient",
            "dpv:hasName": terms.recipient or settings.CONTROLLER["name"],
        },
        "dpv:hasStorageCondition": [
            {"type": "dpv:StorageLocation", "dpv:hasLocation": "loc:EU"},
            {
                "type": "dpv:StorageDuration",
                "dpv:hasDuration": {
                    "type": "dpv:UntilEventDuration",
                    "rdf:value": "withdrawal of this choice or end of the account",
                },
            },
        ],
    }


def _standing(event: ConsentEvent) -> Node:
    name, term = standing(Kind(event.kind), Action(event.action))
    said: Node = {
        "dpv:isIndicatedAtTime": _instant(event.at),
        "dpv:isIndicatedBy": {"id": (event.actor_id or event.pk).urn, "pc:role": event.actor_role},
        "dpv:hasIndicationMethod": {
            "pc:channel": event.channel,
            "pc:control": event.control,
            "pc:stateWhenShown": event.control_default,
            "pc:label": event.control_label,
        },
    }
    if name == "dpv:hasConsentStatus":
        return {name: {"type": term, **said}}
    return {name: term, "pc:indication": said}


def _our_terms(event: ConsentEvent) -> Node:
    proof = RULES["PC-51"].length
    return {
        "pc:entry": event.number,
        "pc:key": event.key,
        "pc:child": event.child,
        "pc:kind": event.kind,
        "pc:action": event.action,
        "pc:previousState": event.previous_state,
        "pc:policyVersion": event.policy_number,
        "pc:authority": event.authority,
        "pc:authorityReference": event.authority_reference,
        "pc:proofKeptAfterEnd": f"P{proof.years}Y" if proof else "",
    }


def _address(path: str) -> str:
    return urljoin(settings.SITE_URL, path)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
