"""What the keys database holds: keys and the random identifiers they belong to, nothing a person said."""

from privacy.declare import declare, technical

KEY = {
    "id": technical("identifier of the key, written into what it seals"),
    "wrapped": technical("the key, sealed under a master key outside the database"),
    "master_id": technical("master key that seals it"),
    "created_at": technical("when the key was made"),
}
declare(
    "vault.FileKey",
    about="One key per patient's file; the file can be read as long as it lives",
    fields={
        **KEY,
        "file_id": technical("file, by its random identifier"),
        "generation": technical("generation of the key"),
        "ring": technical("active or archive"),
        "restricted_at": technical("since when the file is only stored"),
        "destroyed_at": technical("when the key was destroyed"),
    },
)
declare(
    "vault.SystemKey",
    about="Keys for secrets that belong to no patient",
    fields={**KEY, "name": technical("what the key is for")},
)
declare(
    "vault.IndexKey",
    about="One key per practice for its search tokens",
    fields={**KEY, "practice_id": technical("practice, by its random identifier")},
)
