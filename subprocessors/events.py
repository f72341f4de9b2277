"""What the journals say of the register of subprocessors, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say({"subprocessors.change_announced": _("a change of the subprocessors was announced")})
