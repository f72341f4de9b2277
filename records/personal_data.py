"""What the patient files store, field by field (PC-03, PC-04)."""

from privacy.declare import (
    Category,
    Erase,
    Export,
    FieldDeclaration,
    Subject,
    declare,
    personal,
    technical,
)
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _
from records.assist import personal_data as _assist  # noqa: F401 - declares the suggestions of machines
from records.coverage import personal_data as _coverage  # noqa: F401 - declares questions to payers
from records.training import personal_data as _training  # noqa: F401 - declares the training sets


def _sealed(meaning: str, category: Category = Category.HEALTH) -> FieldDeclaration:
    """A text under the file's key: portable, and gone with the key."""
    return personal(meaning, category, sealed=True, erase=Erase.WITH_KEY, export=Export.PORTABLE)


def _staff(meaning: str) -> FieldDeclaration:
    """The account of somebody who acted: kept with the record it signs (MD-57)."""
    return personal(meaning, Category.REFERENCE, erase=Erase.PSEUDONYMISED)


def _of_patient(label: str, about: str, /, **fields: FieldDeclaration) -> None:
    declare(
        f"records.{label}",
        subject=Subject.PATIENT,
        purpose=Purpose.CARE,
        basis=LegalBasis.CARE,
        retention="PC-41",
        about=about,
        fields={
            "id": technical("random identifier of the row"),
            "practice": technical("the practice, for the wall between practices"),
            **fields,
        },
    )


_FILE = personal("the patient's file", Category.REFERENCE)
_ORIGIN = technical("whether it was written here or imported")

_of_patient(
    "PatientFile",
    _("The file a practice keeps of a patient"),
    created_at=personal("when the file was made", Category.REFERENCE),
    created_by=_staff("who made the file"),
    changed_at=technical("when the file was last changed"),
    revision=technical("counts the changes, so that none overwrites another unread"),
    origin=_ORIGIN,
    status=technical("whether the file is in everyday use"),
    last_consultation_on=personal(
        "the day of the last consultation, from which the term counts", Category.APPOINTMENT,
        export=Export.PORTABLE,
    ),
    retain_until=personal("the last day the file is kept", Category.REFERENCE),
    retention_rule=technical("which rules of retention decide that day"),
    active_until=personal("the last day the file is in daily use, before the archive", Category.REFERENCE),
    archived_at=technical("when a sweep moved its key to the archive"),
    reopened_until=personal("until when it was taken back from the archive", Category.REFERENCE),
    schedule_version=technical("which version of the retention schedule its ends were computed by"),
    leaving_at=technical("when its destruction was decided"),
    search_tokens=personal(
        "keyed hashes of the names, birth date, phone and e-mail, to find the file by",
        Category.REFERENCE,
        export=Export.WITHHELD,
    ),
    surname=_sealed("family name", Category.IDENTITY),
    birth_name=_sealed("name at birth", Category.IDENTITY),
    given_names=_sealed("given names", Category.IDENTITY),
    birth_date=_sealed("birth date", Category.IDENTITY),
    died_on=_sealed("day of death", Category.IDENTITY),
    sex=_sealed("sex", Category.IDENTITY),
    birth_place=_sealed("place of birth", Category.IDENTITY),
    phone=_sealed("phone number", Category.CONTACT),
    email=_sealed("e-mail address", Category.CONTACT),
    address=_sealed("postal address", Category.CONTACT),
    occupation=_sealed("occupation", Category.IDENTITY),
    medical_history=_sealed("medical history"),
    surgical_history=_sealed("surgical history"),
    allergies=_sealed("allergies"),
    treatments=_sealed("current treatments"),
    family_history=_sealed("family history"),
    lifestyle=_sealed("lifestyle habits"),
    notes=_sealed("other notes of the practitioner"),
)  # fmt: skip
_of_patient(
    "ArchiveOpening",
    _("One opening of a file of the restricted archive: by whom, until when, and why"),
    file=_FILE,
    opened_at=personal("when it was opened", Category.REFERENCE),
    opened_by=_staff("who opened it"),
    opened_role=technical("the role in which it was opened"),
    until=technical("the last day it is open again"),
    why=_sealed("why it was opened"),
)
_of_patient(
    "RestrictedOpening",
    _("One reading of a restricted file: by whom, on which ground, until when, and why"),
    file=_FILE,
    opened_at=personal("when it was opened", Category.REFERENCE),
    opened_by=_staff("who read it"),
    ground=technical("what the law lets it be read for"),
    until=technical("when the reading ended"),
    why=_sealed("why it was read"),
)
declare(
    "records.Restriction",
    subject=Subject.PATIENT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_("A restriction of the processing of a patient's file: it is only stored until that is lifted"),
    fields={
        "id": technical("random identifier of the row"),
        "practice": technical("the practice, for the wall between practices"),
        "file": _FILE,
        "ground": personal("the ground of the restriction", Category.REFERENCE),
        "request_id": personal("the request that led to it", Category.REFERENCE),
        "since_at": personal("since when", Category.REFERENCE),
        "since_by": _staff("who restricted it"),
        "since_role": technical("the role in which it was restricted"),
        "told_at": personal("when the patient was told that it ends", Category.REFERENCE),
        "told_by": _staff("who told the patient"),
        "told_how": technical("how the patient was told"),
        "lifted_at": personal("when it was lifted", Category.REFERENCE),
        "lifted_by": _staff("who lifted it"),
        "lifted_role": technical("the role in which it was lifted"),
        "note": personal(
            "what there is to say about it",
            Category.REFERENCE,
            sealed=True,
            erase=Erase.WITH_KEY,
            export=Export.WITHHELD,
        ),
        "lifted_why": personal(
            "why it was lifted", Category.REFERENCE, sealed=True, erase=Erase.WITH_KEY, export=Export.WITHHELD
        ),
    },
)
_of_patient(
    "Consultation",
    _("One meeting of a practitioner with the patient, as it now stands"),
    file=_FILE,
    author=_staff("who wrote the consultation"),
    created_at=technical("when the draft was begun"),
    changed_at=technical("when the text was last changed"),
    started_at=personal("when the consultation took place", Category.APPOINTMENT, export=Export.PORTABLE),
    kind=personal("what kind of visit it was", Category.APPOINTMENT, export=Export.PORTABLE),
    origin=_ORIGIN,
    status=technical("whether it is a draft or signed"),
    revision=technical("counts the changes, so that none overwrites another unread"),
    signed_at=personal("when it was signed", Category.APPOINTMENT, export=Export.PORTABLE),
    signed_by=_staff("who signed it"),
    reason=_sealed("reason for the visit"),
    note=_sealed("what the patient says"),
    examination=_sealed("findings of the examination"),
    assessment=_sealed("the practitioner's assessment"),
    plan=_sealed("treatment and advice"),
)
declare(
    "records.ConsultationVersion",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("Each signed state of a consultation: evidence that only grows"),
    fields={
        "id": technical("random identifier of the version"),
        "practice_id": technical("the practice, for the wall between practices"),
        "file_id": personal("the patient's file", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "consultation_id": technical("the consultation"),
        "number": technical("which version it is, from 1"),
        "author_id": _staff("who signed this version"),
        "signed_at": personal("when this version was signed", Category.APPOINTMENT, erase=Erase.PSEUDONYMISED),
        "started_at": personal("when the consultation took place", Category.APPOINTMENT, erase=Erase.PSEUDONYMISED),
        "kind": personal("what kind of visit it was", Category.APPOINTMENT, erase=Erase.PSEUDONYMISED),
        "content": _sealed("the texts as they were signed"),
        "amendment_reason": _sealed("why the version before was amended"),
        "seq": technical("number of the entry, given by the database"),
        "written_at": technical("the database's own clock when it was written"),
        "leaf": technical("hash of the entry, for the seal over it"),
    },
)
_of_patient(
    "Measure",
    _("One measured value"),
    file=_FILE,
    consultation=technical("the consultation it was taken in"),
    recorded_at=technical("when it was written down"),
    recorded_by=_staff("who wrote it down"),
    origin=_ORIGIN,
    taken_at=personal("when it was measured", Category.REFERENCE, export=Export.PORTABLE),
    struck_at=technical("when it was marked as wrong"),
    struck_by=_staff("who marked it as wrong"),
    code=_sealed("what was measured, as a LOINC code"),
    label=_sealed("what was measured, in words"),
    value=_sealed("the value"),
    unit=_sealed("the unit"),
)
_of_patient(
    "Document",
    _("A document of the patient; its bytes are sealed in the storage"),
    file=_FILE,
    consultation=technical("the consultation it belongs to"),
    added_at=personal("when it was added", Category.REFERENCE),
    added_by=_staff("who added it"),
    origin=_ORIGIN,
    content_type=technical("whether it is a PDF, a JPEG or a PNG"),
    size=technical("its size in bytes"),
    pages=technical("how many pages it has"),
    sha256=technical("hash of the sealed bytes, to find damage"),
    storage_name=personal("random name of the sealed bytes in the storage", Category.REFERENCE, export=Export.PORTABLE),
    title=_sealed("title"),
    original_name=_sealed("the name it came under"),
)
_of_patient(
    "Share",
    _("A document or a consultation that the practitioner shares with the patient"),
    file=_FILE,
    document=technical("the document"),
    consultation=technical("the consultation"),
    shared_at=personal("since when it is shared", Category.REFERENCE),
    shared_by=_staff("who shares it"),
    withdrawn_at=personal("when it was taken back", Category.REFERENCE),
    withdrawn_by=_staff("who took it back"),
)
_of_patient(
    "QuestionnaireDraft",
    _("The medical questionnaire while it is being answered"),
    file=_FILE,
    account=_staff("the account that answers"),
    saved_at=technical("when it was last saved"),
    answers=_sealed("answers not handed in yet"),
)
_of_patient(
    "Questionnaire",
    _("The medical questionnaire as it was handed in, version by version"),
    file=_FILE,
    number=technical("which version it is, from 1"),
    handed_in_at=personal("when it was handed in", Category.REFERENCE, export=Export.PORTABLE),
    account=_staff("the account that answered"),
    capacity=personal("whether the patient answered, a guardian or a proxy", Category.REFERENCE),
    answers=_sealed("lifestyle, diseases, family history, treatments, risk situations"),
)
_of_patient(
    "Correction",
    _("What a file said before it was corrected"),
    file=_FILE,
    corrected_at=personal("when it was corrected", Category.REFERENCE),
    corrected_by=_staff("who corrected it"),
    fields=technical("the names of the fields that were changed"),
    before=_sealed("what stood in those fields before"),
)
_of_patient(
    "KeptResource",
    _("What an import brought that has no field of its own"),
    file=_FILE,
    run=technical("the import that brought it"),
    kept_at=technical("when it was brought"),
    kept_by=_staff("who imported it"),
    source=technical("the format it came in"),
    resource_type=personal("what kind of resource it is", Category.REFERENCE),
    raw=_sealed("the resource as it came"),
)
_of_patient(
    "ImportRun",
    _("One import: what was read and what came of it"),
    started_at=technical("when it began"),
    started_by=_staff("who imported"),
    finished_at=technical("when it ended"),
    format=technical("the format that was read"),
    dry_run=technical("whether nothing was written"),
    state=technical("how far it is"),
    total=technical("how many things there are to read"),
    position=technical("how many have been read"),
    figures=technical("how many of each kind came of it"),
    storage_names=technical("random names of the sealed uploads while they are read"),
    file_names=_sealed("the names of the files that were read", Category.IDENTITY),
)
_of_patient(
    "ImportLine",
    _("One line of an import's report"),
    run=technical("the import"),
    number=technical("which line of the report it is"),
    outcome=technical("what became of what was read"),
    object_type=technical("the kind of row that came of it"),
    object_id=technical("the row that came of it"),
    file=_FILE,
    count=technical("how many records the line speaks of"),
    source=_sealed("the name of the file that was read", Category.IDENTITY),
    path=_sealed("the place in that file"),
    message=_sealed("what there is to say about it"),
)
_of_patient(
    "SourceRecord",
    _("Keyed hashes of foreign records, so that a second import adds nothing"),
    source=technical("the format it came in"),
    key_hash=personal("keyed hash of the foreign identifier", Category.REFERENCE, export=Export.WITHHELD),
    content_hash=personal("keyed hash of the foreign content", Category.REFERENCE, export=Export.WITHHELD),
    object_type=technical("the kind of row that came of it"),
    object_id=technical("the row that came of it"),
    file=_FILE,
    first_seen_at=technical("when it was first imported"),
    position=technical("its place in the file it came in"),
    raw=_sealed("the record as it came"),
)
declare(
    "records.AuthorityOrder",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-46b",
    about=_(
        "An order of an authority to read named files: what it opens, until when, who entered, confirmed and read it"
    ),
    fields={
        "id": technical("random identifier of the order"),
        "practice": technical("the practice, for the wall between practices"),
        "authority": technical("which kind of authority"),
        "ground": technical("the text it rests on"),
        "parts": technical("which parts of the files it opens"),
        "issued_on": technical("the date it bears"),
        "until_at": technical("when it ends"),
        "silent_until": technical("until when it forbids telling the patient"),
        "entered_at": technical("when it was entered"),
        "entered_by": _staff("who entered it"),
        "confirmed_at": technical("when the practice confirmed it"),
        "confirmed_by": _staff("who confirmed it"),
        "ended_at": technical("when it was ended"),
        "ended_by": _staff("who ended it"),
        "ended_role": technical("in which role"),
        "content_type": technical("whether its document is a PDF, a JPEG or a PNG"),
        "storage_name": technical("random name of the sealed document in the storage, until it is forgotten"),
        "forgotten_at": technical("when its key and its document were destroyed"),
        "email": personal(
            "the agent's address, forgotten once they joined or it ended", Category.CONTACT, erase=Erase.EXPIRES
        ),
        "token_hash": technical("hash of the link's token"),
        "code_hash": technical("hash of the code and the token"),
        "link_until": technical("until when the link works"),
        "tries": technical("wrong codes"),
        "account": _staff("the agent's account"),
        "joined_at": technical("when the agent joined"),
        **{
            name: personal(meaning, category, sealed=True, erase=Erase.WITH_KEY)
            for name, meaning, category in (
                ("reference", "reference of the order, and who signed it", Category.REFERENCE),
                ("why", "what it is needed for", Category.REFERENCE),
                ("whom", "whom it is about, in its own words", Category.IDENTITY),
                ("agent", "name and function of who reads", Category.IDENTITY),
                ("silent_why", "where it forbids telling the patient", Category.REFERENCE),
                ("ended_why", "why it was ended", Category.REFERENCE),
            )
        },
    },
)
_of_patient(
    "OrderedFile",
    _("That an authority's order names a file, and whether its patient was told"),
    file=_FILE,
    order=technical("the order"),
    named_at=personal("when it was named", Category.REFERENCE),
    named_by=_staff("who named it"),
    taken_out_at=personal("when it was taken out of the order", Category.REFERENCE),
    taken_out_by=_staff("who took it out"),
    told_at=personal("when the patient was told", Category.REFERENCE),
    told_how=technical("how they were told"),
)
declare(
    "records.StatisticsRelease",
    about=_("Published totals of practices that agree, with noise, and what they may tell: about nobody"),
    fields={
        "id": technical("random identifier of the publication"),
        "question": technical("which table"),
        "period": technical("first day of its quarter"),
        "published_at": technical("when it was published"),
        "mechanism": technical("what added the noise"),
        "epsilon": technical("what it may tell about one practice"),
        "delta": technical("the probability left outside that bound"),
        "patient_epsilon": technical("what it may tell about one patient"),
        "bounds": technical("sensitivity and scale of each mechanism"),
        "cohort": technical("keyed hash of which practices were in it"),
        "cohort_number": technical("version of that"),
        "cells": technical("the published figures, noisy"),
    },
)
