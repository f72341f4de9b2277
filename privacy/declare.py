"""The words in which every app declares its fields, once; everything else is derived from them.

An app's ``personal_data.py`` calls :func:`declare` for each of its models. From these
declarations come the Art. 30 register (MD-05), the policy's tables, the export, the erasure plan,
the retention sweep and the residue scan. A field without one fails ``manage.py check`` (PC-04).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from privacy.purposes import LegalBasis, Purpose


class Subject(StrEnum):
    """Whose data a table holds."""

    PRACTITIONER = "practitioner"
    PATIENT = "patient"
    ACCOUNT = "account"
    VISITOR = "visitor"
    NOBODY = "nobody"


class Category(StrEnum):
    """Categories of data as the policy names them (PC-02, PC-03)."""

    IDENTITY = "identity"
    CONTACT = "contact"
    PROFESSIONAL = "professional"
    HEALTH = "health"
    APPOINTMENT = "appointment"
    CONNECTION = "connection"
    FINANCIAL = "financial"
    USAGE = "usage"
    CREDENTIAL = "credential"
    CONSENT = "consent"
    REFERENCE = "reference"


class Erase(StrEnum):
    """What erasure does with the field."""

    DELETE = "delete"
    WITH_KEY = "with_key"
    BLANK = "blank"
    PSEUDONYMISED = "pseudonymised"
    EXPIRES = "expires"


class Export(StrEnum):
    """What an export shows of the field."""

    PORTABLE = "portable"
    ACCESS = "access"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class FieldDeclaration:
    """One field's answer to: what is it, why is it here, and what becomes of it."""

    meaning: str
    personal: bool
    category: Category | None = None
    purpose: Purpose | None = None
    basis: LegalBasis | None = None
    retention: str | None = None
    erase: Erase | None = None
    export: Export | None = None
    sealed: bool = False


@dataclass(frozen=True)
class ModelDeclaration:
    """A table's declaration: whose it is, why it exists, and its fields by name."""

    label: str
    about: str
    subject: Subject
    fields: Mapping[str, FieldDeclaration]


REGISTRY: dict[str, ModelDeclaration] = {}


def technical(meaning: str) -> FieldDeclaration:
    """A field that says nothing about a person: a counter, a state, a key id."""
    return FieldDeclaration(meaning=meaning, personal=False)


def personal(
    meaning: str,
    category: Category,
    *,
    erase: Erase = Erase.DELETE,
    export: Export = Export.ACCESS,
    sealed: bool = False,
    purpose: Purpose | None = None,
    basis: LegalBasis | None = None,
    retention: str | None = None,
) -> FieldDeclaration:
    """A field about a person; purpose, basis and retention default to its model's."""
    return FieldDeclaration(
        meaning=meaning,
        personal=True,
        category=category,
        purpose=purpose,
        basis=basis,
        retention=retention,
        erase=erase,
        export=export,
        sealed=sealed,
    )


def declare(
    label: str,
    *,
    about: str,
    fields: Mapping[str, FieldDeclaration],
    subject: Subject = Subject.NOBODY,
    purpose: Purpose | None = None,
    basis: LegalBasis | None = None,
    retention: str | None = None,
) -> None:
    """Declare the table ``label`` ("app.Model"). Raises ValueError when it is declared twice."""
    if label in REGISTRY:
        raise ValueError(f"{label} is declared twice; keep one declaration")
    filled = {
        name: replace(
            field,
            purpose=field.purpose or purpose,
            basis=field.basis or basis,
            retention=field.retention or retention,
        )
        if field.personal
        else field
        for name, field in fields.items()
    }
    REGISTRY[label] = ModelDeclaration(label, about, subject, filled)
