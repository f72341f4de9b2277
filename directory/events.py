"""What the journals say of public pages, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say(
    {
        "directory.address.given": _("a public page got its address"),
        "directory.phone.shown": _("a telephone number was shown on a public page"),
        "directory.phone.hidden": _("a telephone number was hidden on a public page"),
    }
)
