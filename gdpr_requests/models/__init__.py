"""What people ask of the house, and what the house has to renew."""

from gdpr_requests.models.desk import (
    Channel,
    Exchange,
    IdentityDocument,
    Objection,
    ObjectionKind,
    Outcome,
    Proof,
    Reminder,
    Request,
)
from gdpr_requests.models.directives import Directive, DirectiveKind
from gdpr_requests.models.duties import Duty, DutyDone, DutyKind, DutyProof
from gdpr_requests.models.exports import Export
from gdpr_requests.models.rectified import RecipientTold, Rectified

__all__ = [
    "Channel",
    "Directive",
    "DirectiveKind",
    "Duty",
    "DutyDone",
    "DutyKind",
    "DutyProof",
    "Exchange",
    "Export",
    "IdentityDocument",
    "Objection",
    "ObjectionKind",
    "Outcome",
    "Proof",
    "RecipientTold",
    "Rectified",
    "Reminder",
    "Request",
]
