"""The only way to plaintext. Each opening writes its line in the access journal in the same transaction:

if the line can't be written, nothing is shown (PC-70, PC-80).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.actions import AccessRow, record_accesses
from audit.actors import Actor
from privacy.purposes import Purpose
from vault import master, restrictions
from vault.errors import KeyRefused, NoKey, VaultError
from vault.handles import Handle, HandleSet, Witness
from vault.models import FileKey

OPEN_ARCHIVE = "open_archive"
"""What the access journal says of an opening that only the archive right allows."""
OPEN_RESTRICTED = "open_restricted"
"""What it says of an opening in spite of a restriction: by the person, or as Art. 18(2) allows."""


def open(
    file_id: UUID,
    *,
    by: Actor,
    purpose: Purpose,
    part: str,
    practice_id: UUID | None,
    now: datetime,
    action: str = "open",
    from_archive: bool = False,
    despite_restriction: bool = False,
) -> Handle:
    """Open one file for ``by`` and journal it. Call inside ``transaction.atomic()``.

    ``part`` names what is shown ("identity", "consultation"). ``from_archive`` opens an archived file too, and
    then the journal says "open_archive"; who may ask for that is the caller's to decide (PC-41). So with
    ``despite_restriction``, which is the person's own reading or one that Art. 18(2) allows (PC-63). Raises NoKey
    when the file was erased, KeyRefused when it is archived or restricted, and the database's error when the
    journal refuses.
    """
    opened = open_many(
        [file_id], by=by, purpose=purpose, part=part, practice_id=practice_id, now=now, action=action,
        from_archive=from_archive, despite_restriction=despite_restriction,
    )  # fmt: skip
    return opened[file_id]


def open_many(
    file_ids: Iterable[UUID],
    *,
    by: Actor,
    purpose: Purpose,
    part: str,
    practice_id: UUID | None,
    now: datetime,
    action: str = "list",
    from_archive: bool = False,
    despite_restriction: bool = False,
) -> HandleSet:
    """Open a list of files: one query for the keys, one statement for the journal, one line per opened file.

    Files that stay closed aren't journaled as opened; the set says why in ``refused``.
    """
    witness = Witness()
    wanted = list(dict.fromkeys(file_ids))
    keys, closed = _keys_of(wanted), restrictions.of(wanted)
    closed |= {file_id for file_id in wanted if any(key.restricted_at for key in keys[file_id])}
    shut = set() if despite_restriction else closed
    refused = {f: refusal for f in wanted if (refusal := _why_not(f, keys[f], from_archive, f in shut))}
    open_ids = [file_id for file_id in wanted if file_id not in refused]
    rows = [AccessRow(f, part, _act(action, keys[f], f in closed), practice_id) for f in open_ids]
    if rows:
        record_accesses(by=by, rows=rows, purpose=purpose, now=now)
    return HandleSet({file_id: Handle(file_id, keys[file_id], witness) for file_id in open_ids}, refused)


def new_file(*, file_id: UUID, by: Actor, practice_id: UUID | None, purpose: Purpose, now: datetime) -> Handle:
    """Make the key of a new file, journal "create" and hand out its handle.

    The key is committed in the keys database at once, before the file's row in the main one: a key
    without a file opens nothing and does no harm, a file without a key would be lost. Raises
    ValueError when the file has a key already.
    """
    key = FileKey(file_id=file_id, created_at=now)
    master.new_key(key)
    try:
        with transaction.atomic(using="keys"):
            key.save(force_insert=True)
    except IntegrityError as taken:
        raise ValueError(f"file {file_id} has a key already: open it instead") from taken
    witness = Witness()
    row = AccessRow(file_id, "file", "create", practice_id)
    record_accesses(by=by, rows=[row], purpose=purpose, now=now)
    return Handle(file_id, [key], witness)


def _keys_of(file_ids: list[UUID]) -> dict[UUID, list[FileKey]]:
    keys: dict[UUID, list[FileKey]] = defaultdict(list)
    for key in FileKey.objects.filter(file_id__in=file_ids, destroyed_at=None).defer("created_at"):
        keys[key.file_id].append(key)
    return keys


def _is_archived(keys: list[FileKey]) -> bool:
    return any(key.ring == FileKey.Ring.ARCHIVE for key in keys)


def _act(action: str, keys: list[FileKey], is_restricted: bool) -> str:
    if is_restricted:
        return OPEN_RESTRICTED
    return OPEN_ARCHIVE if _is_archived(keys) else action


def _why_not(file_id: UUID, keys: list[FileKey], from_archive: bool, is_shut: bool) -> VaultError | None:
    if not keys:
        return NoKey(f"file {file_id} has no key: it was erased, or never made")
    if is_shut:
        return KeyRefused(f"file {file_id} is restricted (Art. 18): it is only stored until that is lifted")
    if _is_archived(keys) and not from_archive:
        return KeyRefused(f"file {file_id} is archived: ask for it to be taken back first")
    return None
