"""NEW-08, measured: the journal stands beside the keys and is complete, and what died stays dead."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connections

from care.tenancy import ALL, scope
from lifecycle.models import Disposal, RightsMark
from lifecycle.retention.door import BATCH
from lifecycle.rights import guard
from lifecycle.rights.streams import STREAMS
from privacy.promises import Measure, promise
from records.models import PatientFile
from vault import rights
from vault.queries import with_key

GUARDS: Final = ("rights_only_grow", "key_stays_dead", "key_row_stays")
LOOSE: Final = """
select name from unnest(%s::text[]) name
 where not exists (select from pg_trigger where tgname = name and tgenabled = 'A')
"""


@promise("NEW-08", checked_by="tests/lifecycle/rights/test_promises.py")
def no_backup_brings_anyone_back(now: datetime) -> Measure:
    """Keys and journal stand apart from the main database, every decision was copied, no destroyed file has a key."""
    apart = not _stands_in("default") and _stands_in("keys")
    refusal = guard.why_not_start()
    lost = _not_copied() if rights.exists() else -1
    gone = _gone_files()
    alive = sum(len(with_key(gone[start : start + BATCH])) for start in range(0, len(gone), BATCH))
    loose = _loose_guards()
    return Measure(
        apart and refusal is None and not (lost or alive or loose),
        {
            "keys_stand_apart": apart,
            "what_keeps_from_starting": refusal or "",
            "decisions_missing_in_the_journal": lost,
            "destroyed_files": len(gone),
            "destroyed_files_with_a_living_key": alive,
            "guards_off": loose,
        },
    )


def _stands_in(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "select to_regclass('vault_filekey') is not null or to_regclass('vault_rightsentry') is not null"
        )
        return bool(cursor.fetchone()[0])


def _not_copied() -> int:
    """Decisions from before the journal says it is complete that it doesn't have."""
    complete = dict(RightsMark.objects.values_list("stream", "complete_until"))
    missing = 0
    with scope(ALL):
        for stream in STREAMS:
            for batch in stream.newest_first(None):
                due = {row.id for row in batch if stream.table in complete and row.written_at < complete[stream.table]}
                missing += len(due - rights.known(due))
    return missing


def _gone_files() -> list[UUID]:
    """Files whose rows are gone by a decision."""
    with scope(ALL):
        gone = Disposal.objects.exclude(file_id__in=PatientFile.objects.values("pk"))
        return list(gone.values_list("file_id", flat=True))


def _loose_guards() -> list[str]:
    with connections["keys"].cursor() as cursor:
        cursor.execute(LOOSE, [list(GUARDS)])
        return [name for (name,) in cursor.fetchall()]
