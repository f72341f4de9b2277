"""How far an export goes: two rights, each in its own scope, and both together (Arts. 15 and 20)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.declare import Export, FieldDeclaration


class Scope(models.TextChoices):
    """What is asked for."""

    FULL = "full", _("Everything")
    ACCESS = "access", _("What is held about me (Art. 15)")
    PORTABILITY = "portability", _("What I brought, to take elsewhere (Art. 20)")
    ACCOUNT = "account", _("My account as a patient (Arts. 15 and 20)")
    FILE = "file", _("A patient's file, at the patient's request (Arts. 15 and 20)")


OF_PATIENTS = (Scope.ACCOUNT, Scope.FILE)
"""What the patient's own page asks for and shows; the others are the practitioner's."""
ASKED_BY_PRACTITIONERS = (Scope.FULL, Scope.ACCESS, Scope.PORTABILITY)


ARTICLES = {
    Scope.FULL: "GDPR Arts. 15, 20 and 28(3)(g)",
    Scope.ACCESS: "GDPR Art. 15",
    Scope.PORTABILITY: "GDPR Arts. 20 and 28(3)(g)",
    Scope.ACCOUNT: "GDPR Arts. 15 and 20",
    Scope.FILE: "GDPR Arts. 15 and 20, CSP L1111-7",
}


def holds_files(scope: Scope) -> bool:
    """Whether patients' files are in it: they are given back to who is responsible for them (Art. 28(3)(g))."""
    return scope in (Scope.FULL, Scope.PORTABILITY)


def takes(field: FieldDeclaration, scope: Scope) -> bool:
    """Whether a field of the account's own tables is in it; Art. 20 is about what the person provided."""
    if field.export is Export.WITHHELD:
        return False
    return scope is not Scope.PORTABILITY or not field.personal or field.export is Export.PORTABLE
