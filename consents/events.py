"""What the journals say of the ledger of consents, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say(
    {
        "consents.given": _("a consent was given"),
        "consents.renewed": _("a consent was renewed"),
        "consents.refused": _("a consent was refused"),
        "consents.withdrawn": _("a consent was withdrawn"),
        "consents.stop.tried_again": _("stopping what was withdrawn was tried again"),
        "consents.news.queued": _("an issue of the newsletter was queued for its readers"),
        "consents.text.published": _("the wording of a consent was published"),
        "consents.usage.erased": _("what was counted of the use was erased with the consent"),
    }
)
