"""What of a patient's file its patient is given, and what not and why (GDPR Arts. 15, 20; CSP L1111-7).

The law gives all that is formalised or was exchanged; not what a practitioner notes for themselves (CSP R4127-45), nor
what others than carers told or what is about them. Who worked on the file is said by name where they signed, by role elsewhere.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Field, Model, QuerySet

from accounts.models import User
from gdpr_requests.export.tables import kept_in_files, shown_fields
from records.models import Consultation, ConsultationStatus, PatientFile, QuestionnaireDraft
from records.queries import names_of

DRAFTS: Final = "Drafts of consultations that nobody signed"
NOT_GIVEN: Final = (
    ("records.PatientFile.notes: what the practitioner notes for themselves", "Personal notes aren't part of the record that is communicated.", "CSP R4127-45, L1111-7"),
    (DRAFTS, "They aren't formalised yet; drafts_left_out says how many. Once signed they are in the next export.", "CSP L1111-7"),
    ("records.Suggestion.text and .sound: what a machine wrote and nobody took over, sound that waits to be turned into text", "They aren't formalised yet; what was taken over and signed stands in the consultation.", "CSP L1111-7"),
    ("What others noted as theirs: unsent answers of another account", "They belong to who writes them until they are handed in.", "GDPR Art. 15(4)"),
    ("Accounts of people who acted", "The role is given; the name where somebody signed.", "GDPR Art. 15(4); CJEU C-579/21"),
    ("Accounts, addresses, devices and receipts of others who decided for the patient", "They are theirs; that a parent or guardian decided, what and when is in consents.json.", "GDPR Art. 15(4)"),
    ("Whether a court, an authority or a dispute keeps the file longer", "Inquiries may be secret: the same is written whether there is one or none.", "GDPR Arts. 15(4), 23; CPP art. 11"),
    ("How records were imported", "It says nothing that fhir.json and file.json don't say.", "GDPR Art. 15(3)"),
    ("Keys", "With them, whoever finds this archive could open what the practice keeps.", "GDPR Art. 32"),
)  # fmt: skip
TABLES: Final = frozenset({"lifecycle.Hold", "lifecycle.Disposal", "records.ImportLine", "records.SourceRecord"})
"""Those that aren't given at all; :data:`NOT_GIVEN` says why."""
FIELDS: Final = frozenset({"records.PatientFile.notes", "records.Suggestion.text", "records.Suggestion.sound"})
SIGNED: Final = {"records.Consultation": "signed_by", "records.ConsultationVersion": "author_id"}
"""Where the person who signed is named."""
ACCOUNTS: Final = frozenset({"account_id", "actor_id", "author_id"})
"""Columns that hold an account's id without a foreign key."""


def given() -> dict[type[Model], list["Field[Any, Any]"]]:
    """The tables of a file that its patient gets, each with its fields."""
    return {model: _fields(model) for model in kept_in_files() if model._meta.label not in TABLES}


def rows_given(model: type[Model], column: str, file: PatientFile, reader: UUID | None) -> QuerySet[Any]:
    """The rows of one of them."""
    rows: QuerySet[Any] = model._default_manager.filter(**{column: file.pk}).order_by("pk")
    if model is Consultation:
        return rows.exclude(status=ConsultationStatus.DRAFT)
    return rows.filter(account_id=reader) if model is QuestionnaireDraft else rows


def drafts_of(file: PatientFile) -> int:
    """How many consultations are left out since nobody signed them."""
    return Consultation.objects.filter(file=file, status=ConsultationStatus.DRAFT).count()


def name_signers(label: str, lines: list[dict[str, Any]]) -> None:
    """Who signed stands by name in ``lines``, instead of the account's id; nothing where there is no name any more."""
    column = SIGNED.get(label)
    if column is None:
        return
    names: Mapping[UUID, str] = names_of({UUID(line[column]) for line in lines if line[column]})
    for line in lines:
        line[column] = names.get(UUID(line[column])) if line[column] else None


def _fields(model: type[Model]) -> list["Field[Any, Any]"]:
    label = model._meta.label
    return [
        field
        for field in shown_fields(model)
        if f"{label}.{field.name}" not in FIELDS and (field.name == SIGNED.get(label) or not _is_account(field))
    ]


def _is_account(field: "Field[Any, Any]") -> bool:
    return field.related_model is User or field.name in ACCOUNTS
