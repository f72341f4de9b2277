"""The journals' names of things, in words for people."""

from collections.abc import Mapping

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.models import AccessEntry
from privacy.retention_rules import Rule
from records.reading import PARTS

ROLES = {
    "practitioner": _("practitioner"),
    "system": _("the house itself"),
    "operations": _("operations"),
    "dpo": _("data protection officer"),
    "patient": _("patient"),
}

ACTIONS = {
    "open": _("opened"),
    "list": _("saw"),
    "search": _("found in a search"),
    "create": _("created"),
    "change": _("changed"),
    "print": _("printed"),
    "preview": _("previewed"),
    "export": _("took away"),
    "download": _("downloaded"),
    "import": _("imported"),
    "verify": _("checked"),
}

PURPOSES = {
    "service": _("running the service"),
    "care": _("care"),
    "storage": _("keeping the file safe"),
    "billing": _("billing"),
    "improvement": _("improving the service"),
    "legal": _("a legal duty"),
}


def words(table: Mapping[str, object], name: str) -> str:
    """The words for ``name``; an unknown name stands for itself."""
    return str(table.get(name, name))


def what(entry: AccessEntry, number: int = 1) -> str:
    """What was done to which part, as one phrase; ``number`` files shown together in a list."""
    if number > 1:
        return (
            ngettext("saw the name of %d patient in a list", "saw the names of %d patients in a list", number) % number
        )
    part, _colon, _id = entry.part.partition(":")
    return f"{words(ACTIONS, entry.action)} {words(PARTS, part)}"


def lasts(rule: Rule) -> str:
    """How long a rule keeps, in words: its own where the bare period would mislead."""
    if rule.lasts or rule.length is None:
        return gettext(rule.lasts)
    parts = (
        (rule.length.years, ngettext("%d year", "%d years", rule.length.years)),
        (rule.length.months, ngettext("%d month", "%d months", rule.length.months)),
        (rule.length.days, ngettext("%d day", "%d days", rule.length.days)),
    )
    return " ".join(text % number for number, text in parts if number)
