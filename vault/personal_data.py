"""What the keys database holds: keys and the random identifiers they belong to, nothing a person said."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

KEY = {
    "id": technical("identifier of the key, written into what it seals"),
    "wrapped": technical("the key, sealed under a master key outside the database"),
    "master_id": technical("master key that seals it"),
    "created_at": technical("when the key was made"),
}
declare(
    "vault.FileKey",
    subject=Subject.PATIENT,
    purpose=Purpose.STORAGE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("One key per patient's file; the file can be read as long as it lives"),
    fields={
        **KEY,
        "file_id": personal(
            "file, by its random identifier", Category.REFERENCE, erase=Erase.PSEUDONYMISED, export=Export.WITHHELD
        ),
        "generation": technical("generation of the key"),
        "ring": technical("active or archive"),
        "restricted_at": technical("since when the file is only stored"),
        "destroyed_at": technical("when the key was destroyed"),
    },
)
declare(
    "vault.SystemKey",
    about=_("Keys for secrets that belong to no patient"),
    fields={**KEY, "name": technical("what the key is for")},
)
declare(
    "vault.IndexKey",
    about=_("One key per practice for its search tokens"),
    fields={**KEY, "practice_id": technical("practice, by its random identifier")},
)


def _known(meaning: str) -> FieldDeclaration:
    """What the journal knows of a person's act: it outlives the act's subject under a random id."""
    return personal(meaning, Category.REFERENCE, erase=Erase.PSEUDONYMISED, export=Export.WITHHELD)


declare(
    "vault.RightsEntry",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-51",
    about=_("What was decided about a person's rights, so that no backup undoes it; random ids and codes only"),
    fields={
        "id": technical("random identifier of the row it copies"),
        "stream": technical("the table it copies from"),
        "number": technical("number of the row in that table"),
        "subject_id": _known("the account or file it is about, as a random id"),
        "at": _known("moment of the act"),
        "written_at": technical("when the main database took it"),
        "copied_at": technical("when it was copied"),
        "facts": _known("the row that it copies: random ids and codes"),
    },
)
