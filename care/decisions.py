"""What people decide about who may look into a file (MD-31)."""

from django.utils.translation import gettext_lazy as _

from privacy.decisions import Applied, Decision, act, apply, decide

decide(Decision(
    "team.invited", _("who is let into a practice's team"), _("the owner of the practice"),
    "care.StaffInvitation", "invited_at", "invited_by",
))  # fmt: skip
decide(Decision(
    "team.consent", _("that the team may read a patient's file"), _("the patient; a person of the practice writes it down"),
    "care.StaffConsent", "given_at", "given_by", "given_role", constraint="staff_consent_given_by_a_person",
))  # fmt: skip
decide(Decision(
    "emergency.reviewed", _("whether an opening in an emergency was justified"),
    _("the owner of the practice or the data protection officer, never who opened it"),
    "care.EmergencyAccess", "reviewed_at", "reviewed_by", "reviewed_role", constraint="emergency_reviewed_by_a_person",
))  # fmt: skip
decide(Decision(
    "portal.invited", _("who may look into a file through the portal"), _("the practitioner in charge"),
    "care.Invitation", "created_at", "invited_by",
))  # fmt: skip

act("care.StaffInvitation", "used_by", why="accepted an invitation")
act("care.StaffConsent", "ended_by", why="took a consent back: the patient's own wish")
act("care.Invitation", "accepted_by", why="accepted an invitation")

apply(Applied(
    "ends", _("What was opened for a time closes at its end: an invitation, a link, an emergency's hour, a guardian's access at the patient's 18th birthday."),
    _("The end was set by a person or by the law when it began."), "GDPR Art. 32; C. civ. art. 388",
))  # fmt: skip
