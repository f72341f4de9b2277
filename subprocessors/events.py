"""What the journals say of the register of subprocessors and the links to some of them, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS

EVENTS.say(
    {
        "subprocessors.change_announced": _("a change of the subprocessors was announced"),
        "subprocessors.calendar_link_asked": _("a link to Google Calendar was asked for"),
        "subprocessors.calendar_linked": _("a link to Google Calendar was made"),
        "subprocessors.calendar_link_cut": _("a link to Google Calendar was cut"),
        "subprocessors.room_asked": _("a video room was asked for"),
        "subprocessors.room_recorded": _("a video visit was to be recorded"),
        "subprocessors.room_ended": _("a video room was ended"),
    }
)
