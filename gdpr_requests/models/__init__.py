"""What people ask of the house, and what the house has to renew."""

from gdpr_requests.models.duties import Duty, DutyDone, DutyKind, DutyProof

__all__ = ["Duty", "DutyDone", "DutyKind", "DutyProof"]
