"""The team around a practitioner: invitations, the confidentiality agreement, the patients' consent (MD-40 to MD-42)."""
