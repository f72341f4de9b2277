"""The vault's lines in the journals, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import KINDS, PARTS

KINDS.say({"keys.rotated": _("master key changed")})
PARTS.say({"trial": _("a made-up entry, to try whether it stays closed")})
