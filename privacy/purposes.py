"""The purposes and legal bases of the published policy, as data (PC-04). Pure: no Django here."""

from enum import StrEnum


class Purpose(StrEnum):
    """The six purposes of the policy."""

    SERVICE = "service"
    CARE = "care"
    STORAGE = "storage"
    BILLING = "billing"
    IMPROVEMENT = "improvement"
    LEGAL = "legal"


class LegalBasis(StrEnum):
    """The seven legal bases the policy names, by their article."""

    CONTRACT = "6.1.b"
    CONSENT = "6.1.a"
    EXPLICIT_CONSENT = "9.2.a"
    LEGITIMATE_INTEREST = "6.1.f"
    LEGAL_OBLIGATION = "6.1.c"
    VITAL_INTERESTS = "6.1.d"
    CARE = "9.2.h"
