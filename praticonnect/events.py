"""What the journals say of the office, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say(
    {
        "audit.extracted": _("a journal was taken away as a list"),
        "adapters.extracted": _("the journal of what left was taken away as a list"),
        "consents.extracted": _("the consent log was taken away as a list"),
        "gdpr.register.taken": _("the register of requests was taken away"),
        "gdpr.register.printed": _("the register of requests was printed"),
    }
)
