"""How far an export goes: two rights, each in its own scope, and both together (Arts. 15 and 20)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.declare import Export, FieldDeclaration


class Scope(models.TextChoices):
    """What is asked for."""

    FULL = "full", _("Everything")
    ACCESS = "access", _("What is held about me (Art. 15)")
    PORTABILITY = "portability", _("What I brought, to take elsewhere (Art. 20)")


ARTICLES = {
    Scope.FULL: "GDPR Arts. 15, 20 and 28(3)(g)",
    Scope.ACCESS: "GDPR Art. 15",
    Scope.PORTABILITY: "GDPR Arts. 20 and 28(3)(g)",
}


def holds_files(scope: Scope) -> bool:
    """Whether patients' files are in it: they are given back to who is responsible for them (Art. 28(3)(g))."""
    return scope is not Scope.ACCESS


def takes(field: FieldDeclaration, scope: Scope) -> bool:
    """Whether a field of the account's own tables is in it; Art. 20 is about what the person provided."""
    if field.export is Export.WITHHELD:
        return False
    return scope is not Scope.PORTABILITY or not field.personal or field.export is Export.PORTABLE
