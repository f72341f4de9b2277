"""The system check of the declarations: a field nobody answers for stops ``manage.py check``.

PC-04, MD-05, and appendix A's invariant 11: every column of every installed app is declared, and
every declaration of a personal field says purpose, legal basis, retention and, for a patient's
identity or health, that it is sealed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.checks import CheckMessage, Error
from django.db.models import Model

from privacy.declare import REGISTRY, Category, FieldDeclaration, ModelDeclaration, Subject
from privacy.purposes import BASES
from privacy.registry import AnyField, installed_models, own_fields
from privacy.retention import RULES

HINTS = {
    "E005": "Give purpose= and basis=, here or for the whole table.",
    "E006": f"Give retention=, one of {', '.join(RULES)}.",
    "E007": "Seal it (vault.fields). Dates and kinds of a visit are APPOINTMENT, ids and keyed hashes REFERENCE.",
    "E008": "Use LegalBasis.CARE, EXPLICIT_CONSENT or VITAL_INTERESTS.",
    "E009": "Give the table a subject=.",
}

SEALED_FIELD = ("vault.fields", "SealedField")

SEALED_OF_PATIENTS = frozenset({Category.IDENTITY, Category.CONTACT, Category.HEALTH})


def check_declarations(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """Every problem of the declarations of the installed (or the named) apps."""
    models = installed_models()
    if app_configs is not None:
        wanted = {config.label for config in app_configs}
        models = [model for model in models if model._meta.app_label in wanted]
    return [*problems(models, REGISTRY), *stale_tables(models, REGISTRY)]


def problems(models: Iterable[type[Model]], registry: Mapping[str, ModelDeclaration]) -> list[CheckMessage]:
    """What is wrong with the declarations of ``models``: undeclared, stale, or incomplete."""
    found: list[CheckMessage] = []
    for model in models:
        table = registry.get(model._meta.label)
        if table is None:
            found.append(_undeclared_table(model))
        else:
            found += _field_names(model, table)
            found += _field_answers(model, table)
    return found


def stale_tables(models: Iterable[type[Model]], registry: Mapping[str, ModelDeclaration]) -> list[CheckMessage]:
    """Declarations of tables that an installed app no longer has (E004)."""
    labels = {model._meta.label for model in models}
    apps_seen = {label.split(".")[0] for label in labels}
    return [
        _error("E004", label, "is declared but no longer exists", "Remove its declaration.")
        for label in registry
        if label.split(".")[0] in apps_seen and label not in labels
    ]


def _undeclared_table(model: type[Model]) -> CheckMessage:
    hint = f"Add declare({model._meta.label!r}, …) to {_file_of(model)}."
    return _error("E001", model._meta.label, "has no declaration of its personal data", hint)


def _field_names(model: type[Model], table: ModelDeclaration) -> list[CheckMessage]:
    exist = {field.name for field in own_fields(model)}
    label, file = model._meta.label, _file_of(model)
    new = [
        _error("E002", f"{label}.{name}", "isn't declared", f"Declare it in {file}.")
        for name in sorted(exist - table.fields.keys())
    ]
    gone = [
        _error("E003", f"{label}.{name}", "is declared but is no field", f"Remove it from {file}.")
        for name in sorted(table.fields.keys() - exist)
    ]
    return new + gone


def _field_answers(model: type[Model], table: ModelDeclaration) -> list[CheckMessage]:
    kinds = {field.name: field for field in own_fields(model)}
    found: list[CheckMessage] = []
    for name, field in table.fields.items():
        where = f"{table.label}.{name}"
        if field.personal:
            found += _missing_answers(where, table, field)
        if name in kinds:
            found += _seal(where, table, field, _is_sealed(kinds[name]))
            found += _person(where, field, kinds[name])
    return found


def _missing_answers(where: str, table: ModelDeclaration, field: FieldDeclaration) -> list[CheckMessage]:
    """E005 to E009: a personal field that leaves a question of the register open."""
    asked = (
        ("E005", field.purpose is None or field.basis is None, "has no purpose or no legal basis"),
        ("E006", field.retention is None, "has no retention rule"),
        (
            "E006",
            field.retention is not None and field.retention not in RULES,
            f"names the unknown retention rule {field.retention!r}",
        ),
        ("E007", _must_be_sealed(table, field), "is health data, or a patient's, and must be sealed"),
        ("E008", _lacks_article_9(field), "is health data without a condition of Art. 9"),
        ("E009", table.subject is Subject.NOBODY, "is personal in a table about nobody"),
    )
    return [_error(code, where, text, HINTS[code]) for code, wrong, text in asked if wrong]


def _must_be_sealed(table: ModelDeclaration, field: FieldDeclaration) -> bool:
    patient = table.subject is Subject.PATIENT and field.category in SEALED_OF_PATIENTS
    return (patient or field.category is Category.HEALTH) and not field.sealed


def _lacks_article_9(field: FieldDeclaration) -> bool:
    health = field.category is Category.HEALTH and field.basis is not None
    return health and field.basis is not None and BASES[field.basis].article_9 is None


def _seal(where: str, table: ModelDeclaration, field: FieldDeclaration, stored: bool) -> list[CheckMessage]:
    """E010: what a patient's declaration calls sealed is a sealed field, and the other way round.

    An account's secret may be sealed by a library's own hook, so only patients' are compared.
    """
    if field.sealed == stored or table.subject is not Subject.PATIENT:
        return []
    text = "is sealed but not declared so" if stored else "is declared sealed but stored in clear"
    return [_error("E010", where, text, "Use a field of vault.fields together with sealed=True.")]


def _is_sealed(field: AnyField) -> bool:
    """Whether ``field`` is the vault's; known by name, as privacy/ stands below the vault."""
    return any((base.__module__, base.__name__) == SEALED_FIELD for base in type(field).__mro__)


def _person(where: str, declared: FieldDeclaration, field: AnyField) -> list[CheckMessage]:
    """E011: a column that points to an account is about a person, however random the id."""
    model = field.related_model
    if declared.personal or not isinstance(model, type) or not issubclass(model, AbstractBaseUser):
        return []
    text = "points to a person and is declared technical"
    return [_error("E011", where, text, "Declare it personal, as Category.REFERENCE.")]


def _file_of(model: type[Model]) -> str:
    """Where ``model`` is declared: its app's file, or ours for apps that don't know of us."""
    root = model.__module__.split(".")[0]
    return f"{root}/personal_data.py" if root not in _FOREIGN else "privacy/personal_data.py"


_FOREIGN = frozenset({"django", "allauth", "django_otp"})


def _error(code: str, where: str, text: str, hint: str) -> CheckMessage:
    return Error(f"{where} {text}.", hint=hint, obj=None, id=f"privacy.{code}")
