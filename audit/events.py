"""What can be done to a part of a file, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import ACTS

ACTS.say(
    {
        "open": _("opened %(part)s"),
        "list": _("saw %(part)s"),
        "create": _("added to %(part)s"),
        "change": _("changed %(part)s"),
        "sign": _("signed %(part)s"),
        "amend": _("amended %(part)s"),
        "delete": _("discarded %(part)s"),
        "strike": _("struck %(part)s"),
        "open_archive": _("opened %(part)s from the archive"),
        "open_restricted": _("opened %(part)s in spite of the restriction"),
        "print": _("printed %(part)s"),
        "preview": _("looked at a page of %(part)s"),
        "download": _("downloaded %(part)s"),
        "import": _("imported into %(part)s"),
        "export": _("exported %(part)s"),
        "verify": _("checked %(part)s"),
        "invite": _("invited somebody, who proves %(part)s"),
        "notify": _("read %(part)s to write to the patient"),
    }
)
