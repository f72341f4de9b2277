"""What pages show of a file, opened through the vault: one journal row for each file and part.

A part names what a page shows, so that the patient can later read in the journal what was seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import BinaryIO, cast

from django.core.files.storage import default_storage
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.translation import gettext

from audit.actors import Actor
from care.roles import recipient
from privacy.purposes import PURPOSES, Purpose
from records.clock import parse_birth_date
from records.fields import CONSULTATION_FIELDS, FILE_FIELDS, KINDS, SEXES
from records.models import Consultation, ConsultationVersion, Document, Measure, PatientFile
from vault import access
from vault.handles import Handle


class Part(StrEnum):
    """The parts of a file that are shown together."""

    LIST = "list"
    FILE = "file"
    IDENTITY = "identity"
    CONSULTATIONS = "consultations"
    CONSULTATION = "consultation"
    MEASURES = "measures"
    DOCUMENTS = "documents"
    DOCUMENT = "document"
    KEPT = "kept"
    CLOCK = "clock"
    ARCHIVE = "archive"
    OPENING = "archive_opening"
    RESTRICTION = "restriction"
    PORTAL = "portal"
    QUESTIONNAIRE = "questionnaire"
    EMERGENCY = "emergency"
    REASON = "emergency_reason"
    MEDICAL = "medical"
    ORDER = "order"


def role_in_words(role: str) -> str:
    """In which role somebody acted, as the page "Who may see what" names it; an unknown one as it stands."""
    known = recipient(role)
    return str(known.name) if known else role


def purpose_in_words(purpose: str) -> str:
    """Why, as the policy names its purposes; an unknown one as it stands."""
    return gettext(PURPOSES[Purpose(purpose)]) if purpose in set(Purpose) else purpose


def open_file(file: PatientFile, part: Part, *, by: Actor, now: datetime, action: str = "open") -> Handle:
    """The way to the content of ``file``; writes the one journal row for this page."""
    return access.open(
        file.pk,
        by=by,
        purpose=Purpose.CARE,
        part=part.value,
        practice_id=file.practice_id,
        now=now,
        action=action,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """Who the patient is, on top of each page of the file."""

    file: PatientFile
    name: str
    birth_date: str
    age: int | None
    sex: str
    allergies: str
    died_on: str = ""

    @property
    def sex_words(self) -> str | Promise:
        """The sex in words; empty when it wasn't recorded."""
        return SEXES.get(self.sex, self.sex)

    @property
    def born(self) -> date | None:
        """The full birth date; None when only its year or month is known."""
        return _whole_day(self.birth_date)

    @property
    def died(self) -> date | None:
        """The full day of death; None for the living, and when only its year or month is known."""
        return _whole_day(self.died_on)


def _whole_day(text: str) -> date | None:
    return parse_birth_date(text) if len(text) == len("2026-11-22") else None


def head_of(handle: Handle, file: PatientFile, *, today: date) -> Head:
    """The head of a file's pages."""
    born, died = handle.read(file, "birth_date") or "", handle.read(file, "died_on") or ""
    return Head(
        file=file,
        name=name_of(handle, file),
        birth_date=born,
        age=age_on(parse_birth_date(born), min(parse_birth_date(died) or today, today)),
        sex=handle.read(file, "sex") or "",
        allergies=handle.read(file, "allergies") or "",
        died_on=died,
    )


def name_of(handle: Handle, file: PatientFile) -> str:
    """ "SURNAME Given names", as files are labelled; the name at birth where it is the only one."""
    surname = handle.read(file, "surname") or handle.read(file, "birth_name") or ""
    return " ".join(filter(None, (surname.upper(), handle.read(file, "given_names"))))


def age_on(born: date | None, today: date) -> int | None:
    """Full years of age; somebody born on 29 February turns on 1 March in common years."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def heads_of(files: Sequence[PatientFile], *, by: Actor, today: date, now: datetime) -> list[Head]:
    """The names of a page of files: one key query and one journal insert for all of them."""
    if not files:
        return []
    handles = access.open_many(
        [file.pk for file in files],
        by=by,
        purpose=Purpose.CARE,
        part=Part.LIST.value,
        practice_id=files[0].practice_id,
        now=now,
        action="list",
    )
    return [head_of(handles[file.pk], file, today=today) if file.pk in handles else _shut(file) for file in files]


def _shut(file: PatientFile) -> Head:
    """A file whose key is refused: in the list, without a name."""
    return Head(file, gettext("Kept closed: restricted or archived"), "", None, "", "")


def texts_of(handle: Handle, file: PatientFile) -> dict[str, str]:
    """All texts of a file by field name, blanks as empty texts."""
    return {name: handle.read(file, name) or "" for name in FILE_FIELDS}


@dataclass(frozen=True, slots=True)
class OpenConsultation:
    """A consultation with its texts."""

    row: Consultation
    texts: dict[str, str]

    @property
    def kind(self) -> str | Promise:
        """Its kind in words."""
        return KINDS.get(self.row.kind, self.row.kind)

    @property
    def first_line(self) -> str:
        """What a list shows: the reason, or how the note begins."""
        text = next((t for t in self.texts.values() if t), "")
        return text.splitlines()[0][:160] if text else ""


def open_consultation(handle: Handle, row: Consultation) -> OpenConsultation:
    """Its current texts."""
    return OpenConsultation(row, {n: handle.read(row, n) or "" for n in CONSULTATION_FIELDS})


@dataclass(frozen=True, slots=True)
class OpenVersion:
    """A signed version with its texts and, if it is an amendment, why."""

    row: ConsultationVersion
    texts: dict[str, str]
    reason: str


def open_version(handle: Handle, row: ConsultationVersion) -> OpenVersion:
    """A version as it was signed."""
    content = handle.read(row, "content") or {}
    texts = {name: content.get(name) or "" for name in CONSULTATION_FIELDS}
    return OpenVersion(row, texts, handle.read(row, "amendment_reason") or "")


@dataclass(frozen=True, slots=True)
class OpenMeasure:
    """A measured value in words."""

    row: Measure
    label: str
    value: str
    unit: str
    code: str

    @property
    def number(self) -> float | None:
        """The value as a number, when it is one."""
        try:
            return float(self.value.replace(",", "."))
        except ValueError:
            return None

    @property
    def shown(self) -> str:
        """The value with the reader's decimal mark; a text as it is."""
        return self.value if self.number is None else self.value.replace(".", str(get_format("DECIMAL_SEPARATOR")))


def open_measures(handle: Handle, rows: Iterable[Measure]) -> list[OpenMeasure]:
    """Their values, in the order given."""
    return [
        OpenMeasure(
            row,
            label=handle.read(row, "label") or "",
            value=handle.read(row, "value") or "",
            unit=handle.read(row, "unit") or "",
            code=handle.read(row, "code") or "",
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document's title and the name it came under."""

    row: Document
    title: str
    original_name: str


def open_document(handle: Handle, row: Document) -> OpenDocument:
    """Its names; its bytes come from :func:`document_bytes`."""
    return OpenDocument(row, handle.read(row, "title") or "", handle.read(row, "original_name") or "")


def document_bytes(handle: Handle, row: Document) -> bytes:
    """The original document. Raises FileNotFoundError when the storage lost it."""
    with default_storage.open(row.storage_name, "rb") as sealed:
        return b"".join(handle.open_file(cast(BinaryIO, sealed), name=row.storage_name))
