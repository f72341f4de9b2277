"""What the journals say of the ways out, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say(
    {
        "adapters.switched_off": _("a way out was closed by the office"),
        "adapters.outgoing.tried_again": _("a failed message was tried again"),
        "adapters.outgoing.given_up": _("a failed message was given up"),
        "adapters.incoming.tried_again": _("an event of a service was tried again"),
        "adapters.incoming.given_up": _("an event of a service was given up"),
        "adapters.switched_on": _("a way out was opened again by the office"),
    }
)
