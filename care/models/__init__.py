"""Who meets whose data: practices, their members and team, the care relationship, and the patient's own way in."""

from care.models.emergency import EmergencyAccess
from care.models.portal import Capacity, Invitation, PortalLink, PortalPart
from care.models.practice import CareRelationship, Jurisdiction, Membership, Practice, Role
from care.models.staff import AgreementSignature, AgreementText, StaffConsent, StaffInvitation, TeamRole

__all__ = [
    "AgreementSignature",
    "AgreementText",
    "Capacity",
    "CareRelationship",
    "EmergencyAccess",
    "Invitation",
    "Jurisdiction",
    "Membership",
    "PortalLink",
    "PortalPart",
    "Practice",
    "Role",
    "StaffConsent",
    "StaffInvitation",
    "TeamRole",
]
