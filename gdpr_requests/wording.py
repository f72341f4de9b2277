"""The journals' names of things, in words for people."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.models import AccessEntry
from audit.words import act_in_words
from privacy.retention_rules import Rule
from records.reading import role_in_words as role_words

ROLES = {
    "practitioner": _("practitioner"),
    "system": _("the house itself"),
    "operations": _("operations"),
    "dpo": _("data protection officer"),
    "patient": _("patient"),
    "guardian": _("parent or guardian"),
    "proxy": _("a person of trust"),
    "account": _("holder of the account"),
    "anonymous": _("nobody signed in"),
}


def role_in_words(role: str) -> str:
    """Who acted, by role; an unknown role stands for itself."""
    return str(ROLES.get(role) or role_words(role))


def what(entry: AccessEntry, number: int = 1) -> str:
    """What was done to which part, as one phrase; ``number`` files shown together in a list."""
    if number > 1:
        return (
            ngettext("saw the name of %d patient in a list", "saw the names of %d patients in a list", number) % number
        )
    return act_in_words(entry.part, entry.action)


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
