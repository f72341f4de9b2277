"""Who meets whose data: practices, their members, the care relationship, and the patient's own way in."""

from care.models.portal import Capacity, Invitation, PortalLink, PortalPart
from care.models.practice import CareRelationship, Jurisdiction, Membership, Practice, Role

__all__ = [
    "Capacity",
    "CareRelationship",
    "Invitation",
    "Jurisdiction",
    "Membership",
    "PortalLink",
    "PortalPart",
    "Practice",
    "Role",
]
