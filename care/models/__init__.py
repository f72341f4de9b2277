"""Who meets whose data: practices, their members, and the care relationship."""

from care.models.practice import CareRelationship, Jurisdiction, Membership, Practice, Role

__all__ = ["CareRelationship", "Jurisdiction", "Membership", "Practice", "Role"]
