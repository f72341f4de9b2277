"""What the journals say of practices, teams, care and portal links, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS, KINDS

EVENTS.say(
    {
        "care.practice.opened": _("a practice was opened"),
        "care.membership.begun": _("somebody joined a practice"),
        "care.membership.ended": _("somebody left a practice"),
        "care.relationship.begun": _("a care relationship began"),
        "care.relationship.ended": _("a care relationship ended"),
        "care.invitation.sent": _("somebody was invited into a team"),
        "care.invitation.revoked": _("an invitation into a team was taken back"),
        "care.invitation.used": _("an invitation into a team was accepted"),
        "care.agreement.published": _("a version of the confidentiality agreement was published"),
        "care.agreement.signed": _("the confidentiality agreement was signed"),
        "care.staff_consent.given": _("a patient let the team read their file"),
        "care.staff_consent.withdrawn": _("a patient shut the team out of their file"),
        "care.portal.invited": _("somebody was invited to the portal"),
        "care.portal.revoked": _("an invitation to the portal was taken back"),
        "care.portal.refused": _("details typed for an invitation to the portal didn't match"),
        "care.portal.accepted": _("an invitation to the portal was accepted"),
        "care.portal.link.begun": _("an account was linked to a file"),
        "care.portal.link.ended": _("the link of an account to a file ended"),
        "care.portal.link.moved": _("a link to a file changed how long it lasts"),
        "care.portal.link.narrowed": _("what a link to a file shows was narrowed"),
    }
)
KINDS.say({"team.access_ended": _("access to the practice ended")})
