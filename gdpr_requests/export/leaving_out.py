"""What an export leaves out, and why, in the words of the declarations (Art. 15(4), Art. 20(1) and (4))."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import Model

from gdpr_requests.export.scopes import Scope, holds_files, takes
from privacy.declare import REGISTRY, Category, Export, FieldDeclaration, ModelDeclaration

SECRET: Final = ("A secret that proves who you are: whoever had it could sign in for you.", "GDPR Arts. 15(4), 32")
INTERNAL: Final = (
    "A random or keyed value of the house that says nothing about anybody outside it.",
    "GDPR Art. 15(4)",
)
NOT_PROVIDED: Final = (
    "You didn't bring it: it came of the use of the service. Ask for what is held about you.",
    "GDPR Art. 20(1)",
)
ALWAYS: Final = (
    ("Keys of files and practices", "With them, whoever finds this archive could open what others keep.", "GDPR Art. 32"),
    ("Files of patients whom somebody else treats", "They are others' data, and not yours to take.", "GDPR Arts. 15(4), 20(4)"),
    ("Files whose processing is restricted", "Until that ends they are only stored; kept_closed names them.", "GDPR Art. 18(2)"),
)  # fmt: skip
ONLY_ABOUT_ME: Final = (
    "Your patients' files",
    "They are your patients' data; you answer for them. Ask for everything, and they are in it.",
    "GDPR Arts. 15, 28(3)(g)",
)


def left_out(scope: Scope, in_files: Iterable[type[Model]], of_account: list[ModelDeclaration]) -> list[dict[str, str]]:
    """Each thing that isn't in the archive, with the reason and its law."""
    fixed = [*ALWAYS, *(() if holds_files(scope) else (ONLY_ABOUT_ME,))]
    tables = [(table, scope) for table in of_account]
    if holds_files(scope):
        tables += [(REGISTRY[model._meta.label], Scope.FULL) for model in in_files]
    lines = [{"what": what, "why": why, "law": law} for what, why, law in fixed]
    return lines + [line for table, how_far in tables for line in _fields(table, how_far)]


def _fields(table: ModelDeclaration, scope: Scope) -> Iterator[dict[str, str]]:
    for name, field in sorted(table.fields.items()):
        if field.personal and not takes(field, scope):
            why, law = _reason(field)
            yield {"what": f"{table.label}.{name}: {field.meaning}", "why": why, "law": law}


def _reason(field: FieldDeclaration) -> tuple[str, str]:
    if field.export is not Export.WITHHELD:
        return NOT_PROVIDED
    return SECRET if field.category is Category.CREDENTIAL else INTERNAL
