"""What the journals say of the ways out, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say(
    {
        "adapters.switched_off": _("a way out was closed by the office"),
        "adapters.switched_on": _("a way out was opened again by the office"),
    }
)
