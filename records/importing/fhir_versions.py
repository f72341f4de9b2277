"""Which FHIR version a resource is written in, told by what only that version has.

A resource rarely names its version. These are the names and shapes that changed between DSTU2 (1.0), STU3 (3.0),
R4 (4.0, 4.3) and R5 (5.0) in the resources practices exchange.
"""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

from .reading import BadInput, Resource

R4_TYPES = frozenset(
    [
        "Account",
        "ActivityDefinition",
        "AdverseEvent",
        "AllergyIntolerance",
        "Appointment",
        "AppointmentResponse",
        "AuditEvent",
        "Basic",
        "Binary",
        "BiologicallyDerivedProduct",
        "BodyStructure",
        "Bundle",
        "CapabilityStatement",
        "CarePlan",
        "CareTeam",
        "CatalogEntry",
        "ChargeItem",
        "ChargeItemDefinition",
        "Claim",
        "ClaimResponse",
        "ClinicalImpression",
        "CodeSystem",
        "Communication",
        "CommunicationRequest",
        "CompartmentDefinition",
        "Composition",
        "ConceptMap",
        "Condition",
        "Consent",
        "Contract",
        "Coverage",
        "CoverageEligibilityRequest",
        "CoverageEligibilityResponse",
        "DetectedIssue",
        "Device",
        "DeviceDefinition",
        "DeviceMetric",
        "DeviceRequest",
        "DeviceUseStatement",
        "DiagnosticReport",
        "DocumentManifest",
        "DocumentReference",
        "EffectEvidenceSynthesis",
        "Encounter",
        "Endpoint",
        "EnrollmentRequest",
        "EnrollmentResponse",
        "EpisodeOfCare",
        "EventDefinition",
        "Evidence",
        "EvidenceVariable",
        "ExampleScenario",
        "ExplanationOfBenefit",
        "FamilyMemberHistory",
        "Flag",
        "Goal",
        "GraphDefinition",
        "Group",
        "GuidanceResponse",
        "HealthcareService",
        "ImagingStudy",
        "Immunization",
        "ImmunizationEvaluation",
        "ImmunizationRecommendation",
        "ImplementationGuide",
        "InsurancePlan",
        "Invoice",
        "Library",
        "Linkage",
        "List",
        "Location",
        "Measure",
        "MeasureReport",
        "Media",
        "Medication",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationKnowledge",
        "MedicationRequest",
        "MedicationStatement",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "MessageDefinition",
        "MessageHeader",
        "MolecularSequence",
        "NamingSystem",
        "NutritionOrder",
        "Observation",
        "ObservationDefinition",
        "OperationDefinition",
        "OperationOutcome",
        "Organization",
        "OrganizationAffiliation",
        "Parameters",
        "Patient",
        "PaymentNotice",
        "PaymentReconciliation",
        "Person",
        "PlanDefinition",
        "Practitioner",
        "PractitionerRole",
        "Procedure",
        "Provenance",
        "Questionnaire",
        "QuestionnaireResponse",
        "RelatedPerson",
        "RequestGroup",
        "ResearchDefinition",
        "ResearchElementDefinition",
        "ResearchStudy",
        "ResearchSubject",
        "RiskAssessment",
        "RiskEvidenceSynthesis",
        "Schedule",
        "SearchParameter",
        "ServiceRequest",
        "Slot",
        "Specimen",
        "SpecimenDefinition",
        "StructureDefinition",
        "StructureMap",
        "Subscription",
        "Substance",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
        "SupplyDelivery",
        "SupplyRequest",
        "Task",
        "TerminologyCapabilities",
        "TestReport",
        "TestScript",
        "ValueSet",
        "VerificationResult",
        "VisionPrescription",
    ]
)
"""The 148 resource types of FHIR 4.0.1."""

_OLDER_TYPES = frozenset(
    [
        "BodySite",
        "Conformance",
        "DataElement",
        "DeviceComponent",
        "DeviceUseRequest",
        "DiagnosticOrder",
        "EligibilityRequest",
        "EligibilityResponse",
        "ExpansionProfile",
        "ImagingManifest",
        "ImagingObjectSelection",
        "MedicationOrder",
        "Order",
        "OrderResponse",
        "ProcedureRequest",
        "ProcessRequest",
        "ProcessResponse",
        "ReferralRequest",
        "Sequence",
        "ServiceDefinition",
    ]
)
_NEWER_TYPES = frozenset(
    [
        "ActorDefinition",
        "AdministrableProductDefinition",
        "ArtifactAssessment",
        "BiologicallyDerivedProductDispense",
        "Citation",
        "ClinicalUseDefinition",
        "ConditionDefinition",
        "DeviceAssociation",
        "DeviceDispense",
        "DeviceUsage",
        "EncounterHistory",
        "FormularyItem",
        "GenomicStudy",
        "ImagingSelection",
        "Ingredient",
        "InventoryItem",
        "InventoryReport",
        "ManufacturedItemDefinition",
        "MedicinalProductDefinition",
        "NutritionIntake",
        "NutritionProduct",
        "PackagedProductDefinition",
        "Permission",
        "RegulatedAuthorization",
        "RequestOrchestration",
        "Requirements",
        "SubscriptionStatus",
        "SubscriptionTopic",
        "SubstanceDefinition",
        "TestPlan",
        "Transport",
    ]
)

DSTU2, STU3, OLDER, R5 = "DSTU2 (1.0)", "STU3 (3.0)", "DSTU2 or STU3", "R5 (5.0)"

_PROFILE_MARKS = (
    (re.compile(r"^https?://hl7\.org/fhir/(DSTU2|1\.0(\.\d)?)(/|$)"), DSTU2),
    (re.compile(r"^https?://hl7\.org/fhir/(STU3|3\.0(\.\d)?)(/|$)"), STU3),
    (re.compile(r"^https?://hl7\.org/fhir/(R5|5\.0(\.\d)?)(/|$)"), R5),
)
_NUMBERS = (("0.", DSTU2), ("1.", DSTU2), ("3.", STU3), ("5.", R5), ("6.", "R6 (6.0)"))

_Shape = tuple[str, Callable[[object], bool], str]


def _there(_value: object) -> bool:
    return True


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _family_list(value: object) -> bool:
    return _is_list(value) and any(isinstance(n, dict) and _is_list(n.get("family")) for n in value)  # type: ignore[attr-defined]


_SHAPES: dict[str, tuple[_Shape, ...]] = {
    "Patient": (("name", _family_list, DSTU2), ("careProvider", _there, DSTU2), ("animal", _there, OLDER)),
    "Encounter": (
        ("class", _is_text, DSTU2), ("class", _is_list, R5), ("actualPeriod", _there, R5), ("patient", _there, DSTU2),
        ("reason", _is_list, OLDER), ("indication", _there, DSTU2),
    ),
    "Observation": (("context", _there, STU3), ("comment", _there, STU3), ("comments", _there, DSTU2), ("related", _there, OLDER)),
    "Condition": (
        ("clinicalStatus", _is_text, OLDER), ("patient", _there, DSTU2), ("context", _there, STU3), ("participant", _there, R5),
    ),
    "AllergyIntolerance": (("clinicalStatus", _is_text, STU3), ("substance", _there, DSTU2), ("type", _is_object, R5)),
    "DocumentReference": (
        ("class", _there, OLDER), ("indexed", _there, OLDER), ("context", _is_list, R5), ("attester", _there, R5),
    ),
    "Immunization": (("notGiven", _there, STU3), ("wasNotGiven", _there, DSTU2), ("date", _there, OLDER), ("route", _is_list, R5)),
    "MedicationRequest": (("medication", _is_object, R5), ("context", _there, STU3), ("definition", _there, STU3)),
    "Procedure": (("performedPeriod", _is_text, OLDER), ("occurrenceDateTime", _there, R5), ("context", _there, STU3), ("notDone", _there, STU3)),
}  # fmt: skip


def check_bundle_version(head: Resource) -> None:
    """Raise BadInput when the bundle itself says that it is of another version than R4."""
    meta = head.get("meta")
    places = [("fhirVersion", head.get("fhirVersion"))]
    if isinstance(meta, dict):
        places.append(("meta.fhirVersion", meta.get("fhirVersion")))
    for path, value in places:
        version = _numbered(value)
        if version:
            raise _other_version(path, version)
    _check_profiles(head, "meta.profile")


def check_resource_version(resource: Resource, path: str) -> None:
    """Raise BadInput when a resource has a type or a shape that R4 hasn't."""
    kind = resource.get("resourceType")
    _check_type(kind, f"{path}.resourceType")
    _check_profiles(resource, f"{path}.meta.profile")
    for key, has_shape, version in _SHAPES.get(str(kind), ()):
        if key in resource and has_shape(resource[key]):
            raise _other_version(f"{path}.{key}", version)


def _check_type(kind: object, path: str) -> None:
    if kind in R4_TYPES:
        return
    if not isinstance(kind, str) or not kind:
        raise BadInput(path, _("the resource doesn't say its type. Each resource of a bundle needs a resourceType."))
    if kind in _OLDER_TYPES:
        raise _other_version(path, OLDER)
    if kind in _NEWER_TYPES:
        raise _other_version(path, R5)
    raise BadInput(path, _("“%(kind)s” isn't a resource of FHIR R4.") % {"kind": kind[:60]})


def _check_profiles(resource: Resource, path: str) -> None:
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for number, profile in enumerate(profiles if isinstance(profiles, list) else ()):
        for mark, version in _PROFILE_MARKS:
            if mark.search(str(profile)):
                raise _other_version(f"{path}[{number}]", version)


def _numbered(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return next((name for start, name in _NUMBERS if value.startswith(start)), "")


def _other_version(path: str, version: str) -> BadInput:
    return BadInput(
        path,
        _("this is FHIR %(version)s; PratiConnect reads FHIR R4 (4.0). Ask the other software for an R4 export.")
        % {"version": version},
    )
