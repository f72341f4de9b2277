"""The promises that the patient files keep, measured on the live database."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import CharField, Exists, Max, OuterRef, Q
from django.db.models.functions import Cast

from audit.models import EventEntry
from care.tenancy import ALL, scope
from privacy.promises import Measure, promise
from privacy.retention import DEATH, MINOR
from records.actions.documents import orphans
from records.assist import promises as _assist  # noqa: F401 - registers those of machines (PC-97, PC-98)
from records.authority import promises as _authority  # noqa: F401 - registers that of authorities (MD-43)
from records.clock import day_of
from records.clock_promises import ends_by_rule
from records.coverage import promises as _coverage  # noqa: F401 - registers that of payers (MD-73)
from records.fields import CONSULTATION_FIELDS, FILE_FIELDS, MEASURE_FIELDS
from records.holds import holds_of
from records.importing import promises as _importing  # noqa: F401 - registers those of imports (PC-123)
from records.models import (
    Consultation,
    ConsultationStatus,
    ConsultationVersion,
    Document,
    PatientFile,
)
from records.portal import promises as _portal  # noqa: F401 - registers those of the portal (MD-02, MD-03)
from records.restriction import promises as _restriction  # noqa: F401 - registers that of restriction (PC-63)
from records.statistics import promises as _statistics  # noqa: F401 - registers that of statistics (PC-20)
from records.training import promises as _training  # noqa: F401 - registers that of training sets (PC-21)
from vault.files import MAGIC
from vault.seal import BLOCK, HEAD_BYTES, VERSION

SHORTEST: Final = HEAD_BYTES + BLOCK + 16
"""Bytes of the shortest sealed text: head, one padded block, tag."""
PIECE: Final = 1024 * 1024
TESTS: Final = "tests/records/test_promises.py"
SEALED: Final = {
    "records_patientfile": FILE_FIELDS,
    "records_consultation": CONSULTATION_FIELDS,
    "records_consultationversion": ("content", "amendment_reason"),
    "records_measure": MEASURE_FIELDS,
    "records_document": ("title", "original_name"),
    "records_keptresource": ("raw",),
    "records_sourcerecord": ("raw",),
    "records_archiveopening": ("why",),
    "records_restriction": ("note", "lifted_why"),
    "records_restrictedopening": ("why",),
    "records_questionnaire": ("answers",),
    "records_questionnairedraft": ("answers",),
    "records_correction": ("before",),
    "records_suggestion": ("text", "sound"),
    "care_emergencyaccess": ("why",),
    "records_authorityorder": ("reference", "why", "whom", "agent", "silent_why", "ended_why"),
}
LATEST: Final = Max("consultations__started_at", filter=~Q(consultations__status=ConsultationStatus.STRUCK))
"""When a file's last consultation began; a struck one never took place."""
WALLED: Final = (
    *SEALED,
    "records_importrun",
    "records_coveragecheck",
    "records_share",
    "records_orderedfile",
    "records_trainingmember",
    "care_portallink",
    "care_invitation",
    "records_importline",
    "care_carerelationship",
    "care_staffconsent",
    "care_staffinvitation",
)


@promise("PC-03", checked_by=TESTS)
def identity_and_health_are_held_sealed(now: datetime) -> Measure:
    """Every text about a patient lies in its table as bytes of the vault, not as text."""
    with scope(ALL):
        files = PatientFile.objects.count()
        found = [_sealed_and_not(table, names) for table, names in SEALED.items()]
    in_clear = sum(wrong for _right, wrong in found)
    return Measure(
        kept=in_clear == 0,
        figures={
            "patient_files": files,
            "sealed_texts": sum(right for right, _wrong in found),
            "texts_not_sealed": in_clear,
        },
    )


@promise("PC-80", checked_by=TESTS)
def documents_are_stored_sealed_and_complete(now: datetime) -> Measure:
    """Each document's bytes are in the storage, sealed and whole; nothing lies there unnamed."""
    with scope(ALL):
        documents = list(Document.objects.all())
    bad = sum(not _stored_sealed(document) for document in documents)
    loose = len(orphans(now=now))
    walls = _tables_without_wall()
    return Measure(
        kept=not (bad or loose or walls),
        figures={
            "documents": len(documents),
            "documents_missing_or_damaged": bad,
            "objects_without_a_row": loose,
            "clinical_tables_without_row_security": len(walls),
        },
    )


@promise("PC-121", checked_by=TESTS)
def consultations_are_versioned_and_move_the_clock(now: datetime) -> Measure:
    """Every signed consultation has its version; every file knows the day of its last one."""
    with scope(ALL):
        versions = ConsultationVersion.objects.filter(consultation_id=OuterRef("pk"))
        signed = Consultation.objects.filter(status=ConsultationStatus.SIGNED)
        unversioned = signed.exclude(Exists(versions)).count()
        stale = sum(1 for file, day in _files_and_days() if file.last_consultation_on != day)
        figures = {
            "signed_consultations": signed.count(),
            "signed_without_a_version": unversioned,
            "versions": ConsultationVersion.objects.count(),
            "files_with_a_stale_last_day": stale,
        }
    return Measure(kept=not (unversioned or stale), figures=figures)


@promise("PC-41", checked_by=TESTS)
def files_are_kept_as_long_as_the_rule_says(now: datetime) -> Measure:
    """Each file's end is 20 years after its last consultation, later only by the 28th birthday or holds, sooner only by a death."""
    with scope(ALL):
        files = [file for file, _day in _files_and_days()]
        holds = holds_of(file.pk for file in files)
    wrong = sum(not ends_by_rule(file, holds[file.pk]) for file in files)
    minors = sum(MINOR.id in file.retention_rule for file in files)
    deaths = sum(DEATH.id in file.retention_rule for file in files)
    return Measure(
        kept=wrong == 0,
        figures={
            "files_with_a_clock": len(files),
            "files_ending_otherwise": wrong,
            "files_kept_until_28": minors,
            "files_ending_by_a_death": deaths,
        },
    )


@promise("MD-44", checked_by=TESTS)
def every_file_and_signature_is_journaled(now: datetime) -> Measure:
    """Each file and each signed version has its line in the event journal, with its author."""
    with scope(ALL):
        made = EventEntry.objects.filter(
            verb="records.file.created",
            object_id=Cast(OuterRef("pk"), CharField()),
            actor_id=OuterRef("created_by_id"),
        )
        silent_files = PatientFile.objects.exclude(Exists(made)).count()
        signed = EventEntry.objects.filter(
            verb__in=["records.consultation.signed", "records.consultation.amended", "records.file.imported"],
            subject_id=OuterRef("file_id"),
            actor_id=OuterRef("author_id"),
        )  # fmt: skip
        silent_versions = ConsultationVersion.objects.exclude(Exists(signed)).count()
    return Measure(
        kept=not (silent_files or silent_versions),
        figures={
            "files_without_a_journal_line": silent_files,
            "versions_without_a_journal_line": silent_versions,
        },
    )


def _files_and_days() -> Iterator[tuple[PatientFile, object]]:
    """Each file with the legal day of its last consultation, read from the consultations."""
    files = PatientFile.objects.select_related("practice").annotate(latest=LATEST)
    for file in files.iterator(chunk_size=1000):
        latest = file.latest
        yield file, day_of(file, latest) if latest else None


def _sealed_and_not(table: str, names: tuple[str, ...]) -> tuple[int, int]:
    """How many texts of a table are bytes of the vault, and how many are anything else."""
    quote = connection.ops.quote_name
    filled = " + ".join(f"count({quote(name)})" for name in names)
    sealed = " + ".join(
        f"count(*) filter (where substr({quote(name)}, 1, 1) = '\\x{VERSION:02x}' and length({quote(name)}) >= {SHORTEST})"
        for name in names
    )
    with connection.cursor() as cursor:
        cursor.execute(f"select {sealed}, {filled} from {quote(table)}")  # noqa: S608 - our own names
        right, all_of_them = cursor.fetchone()
    return right, all_of_them - right


def _stored_sealed(document: Document) -> bool:
    """The object is there, begins as a sealed file does, and is the very one that was stored."""
    try:
        with default_storage.open(document.storage_name, "rb") as stored:
            digest = sha256(head := stored.read(len(MAGIC)))
            while piece := stored.read(PIECE):
                digest.update(piece)
    except FileNotFoundError:
        return False
    return bool(head == MAGIC) and digest.digest() == bytes(document.sha256)


def _tables_without_wall() -> list[str]:
    """Clinical tables whose row security is off, or not forced on their owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relname = any(%s) and relkind = 'r'"
            " and relrowsecurity and relforcerowsecurity"
            " and exists (select from pg_policy where polrelid = pg_class.oid)",
            [list(WALLED)],
        )
        walled = {name for (name,) in cursor.fetchall()}
    return sorted(set(WALLED) - walled)
