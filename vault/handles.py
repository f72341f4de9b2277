"""The only thing that opens what is sealed, and the journal line that goes with it.

A handle works as long as its line in the access journal stands or can still be committed. Once the
transaction or savepoint that wrote the line is rolled back, the handle refuses: nothing is read
without an entry (PC-70). After the commit it goes on, so that a file can be streamed.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections, models, transaction

from vault import files, master
from vault.errors import HandleClosed, NoKey, SealBroken, VaultError
from vault.fields import SealedField, sealed_fields
from vault.models import FileKey
from vault.seal import cipher, place_of, seal, unseal

JOURNAL = "default"


class Witness:
    """Knows whether the journal lines written with it still stand."""

    def __init__(self) -> None:
        connection = connections[JOURNAL]
        if not connection.in_atomic_block:
            raise transaction.TransactionManagementError(
                "open sealed files inside transaction.atomic(): the journal line and the reading stand or fall together"
            )
        self._committed = False
        transaction.on_commit(self._commit, using=JOURNAL)

    def _commit(self) -> None:
        self._committed = True

    def require(self) -> None:
        """Raise HandleClosed once the journal line was rolled back."""
        if not self._committed and not any(entry[1] == self._commit for entry in connections[JOURNAL].run_on_commit):
            raise HandleClosed("the opening was rolled back with its journal line: open the file again")


class Handle:
    """One opened file. Reads and seals its rows' fields and its files."""

    def __init__(self, file_id: UUID, keys: list[FileKey], witness: Witness) -> None:
        self.file_id = file_id
        self._witness = witness
        self._file = str(file_id)
        self._newest = max(keys, key=lambda key: key.generation).id.bytes
        self._keys = {key.id.bytes: master.unwrap(key) for key in keys}
        self._ciphers: dict[bytes, AESGCM] = {}

    def read(self, row: models.Model, field: str) -> Any:
        """The value of one sealed field, or None; words about health come marked, so that no message takes them (:mod:`vault.unsealed`).

        Raises SealBroken if it was changed or moved.
        """
        self._witness.require()
        self._require_own(row)
        return self._open(row, _field(row, field), str(row.pk))

    def reveal(self, row: models.Model) -> dict[str, Any]:
        """All sealed fields of a row by name."""
        self._witness.require()
        self._require_own(row)
        row_id = str(row.pk)
        return {field.name: self._open(row, field, row_id) for field in sealed_fields(type(row))}

    def write(self, row: models.Model, **values: Any) -> None:
        """Seal the values into the row's attributes. Doesn't save; None empties a field."""
        self._witness.require()
        self._require_own(row)
        for name, value in values.items():
            field = _field(row, name)
            setattr(row, field.attname, None if value is None else self._seal(row, field, value))

    def seal_file(self, src: BinaryIO, dst: BinaryIO, *, name: str) -> None:
        """Seal a stream, in constant memory. ``name`` is the document's random name: the file opens under no other."""
        self._witness.require()
        files.seal(self._keys[self._newest], self._newest, src, dst, self._file_place(name))

    def open_file(self, src: BinaryIO, *, name: str) -> Iterator[bytes]:
        """The content of a sealed file, piece by verified piece. Raises SealBroken, at the latest at a missing end."""
        self._witness.require()
        key_id = files.key_id(src)
        return files.unseal(self._key(key_id), src, self._file_place(name))

    def _open(self, row: models.Model, field: SealedField, row_id: str) -> Any:
        sealed = getattr(row, field.attname)
        if sealed is None:
            return None
        place = place_of(row._meta.db_table, str(field.column), row_id, self._file)
        return field.opened(unseal(self._cipher(sealed.key_id), sealed, place))

    def _seal(self, row: models.Model, field: SealedField, value: Any) -> Any:
        place = place_of(row._meta.db_table, str(field.column), str(row.pk), self._file)
        return seal(self._cipher(self._newest), self._newest, field.encode(value), place)

    def _require_own(self, row: models.Model) -> None:
        owner: Any = row
        if owner.sealed_file_id != self.file_id:
            raise SealBroken(f"this {row._meta.verbose_name} belongs to another file: open that one")

    def _cipher(self, key_id: bytes) -> AESGCM:
        if key_id not in self._ciphers:
            self._ciphers[key_id] = cipher(self._key(key_id), b"fields")
        return self._ciphers[key_id]

    def _key(self, key_id: bytes) -> bytes:
        if key_id not in self._keys:
            raise SealBroken("sealed with a key that isn't this file's: it was moved here or its key is gone")
        return self._keys[key_id]

    def _file_place(self, name: str) -> bytes:
        return f"file|{name}|{self.file_id}".encode()


class HandleSet(Mapping[UUID, Handle]):
    """The handles of a list. ``refused`` says why each of the others stays closed."""

    def __init__(self, handles: Mapping[UUID, Handle], refused: Mapping[UUID, VaultError]) -> None:
        self._handles = handles
        self.refused = refused

    def __getitem__(self, file_id: UUID) -> Handle:
        """The handle of a file. Raises why it stays closed."""
        if file_id in self._handles:
            return self._handles[file_id]
        raise self.refused.get(file_id) or NoKey(f"file {file_id} wasn't asked for when the list was opened")

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._handles)

    def __len__(self) -> int:
        return len(self._handles)

    def __contains__(self, file_id: object) -> bool:
        return file_id in self._handles


def _field(row: models.Model, name: str) -> SealedField:
    field = row._meta.get_field(name)
    if not isinstance(field, SealedField):
        raise TypeError(f"{name} of {row._meta.label} isn't sealed: read it directly")
    return field
