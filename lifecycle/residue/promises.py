"""NEW-07, measured: another eye can see, looks after each erasure, and found nothing."""

from datetime import datetime
from typing import Final
from uuid import uuid4

from django.core.cache import cache
from django.db import connections

from lifecycle.models import ResidueScan
from lifecycle.residue.databases import RELATIONS
from lifecycle.residue.redis_keys import scan_caches
from lifecycle.residue.searching import Search
from privacy.promises import Measure, promise

SECONDS: Final = 30
OUT_OF_SIGHT: Final = "select count(*) from unnest(%s::oid[]) found where not has_table_privilege(found, 'select')"


@promise("NEW-07", checked_by="tests/lifecycle/residue/test_promises.py")
def another_eye_found_nothing(now: datetime) -> Measure:
    """The last scan of each erased person is clean, a planted word is found in capitals, and no table is out of sight."""
    tables, hidden = _tables()
    last = ResidueScan.objects.order_by("subject_id", "-at", "-id").distinct("subject_id")
    unclean = sum(not scan.is_clean for scan in last.iterator())
    found = _finds_a_planted_word()
    return Measure(
        found and not hidden and not unclean,
        {
            "scans": ResidueScan.objects.count(),
            "erased_people_with_copies_left": unclean,
            "tables_looked_through": tables,
            "tables_out_of_sight": hidden,
            "planted_word_found": found,
        },
    )


def _tables() -> tuple[int, int]:
    """How many tables both databases have, and how many of them can't be read."""
    count = hidden = 0
    for alias in connections:
        with connections[alias].cursor() as cursor:
            cursor.execute(RELATIONS)
            tables = [oid for oid, _schema, _name in cursor.fetchall()]
            cursor.execute(OUT_OF_SIGHT, [tables])
            (out_of_sight,) = cursor.fetchone()
        count, hidden = count + len(tables), hidden + out_of_sight
    return count, hidden


def _finds_a_planted_word() -> bool:
    """A random word in the cache, in capitals; it is taken away again."""
    word = f"residue-{uuid4().hex}"
    cache.set(word, {"said": word.upper()}, SECONDS)
    try:
        return any(hit.token == word for hit in scan_caches(Search([word])))
    finally:
        cache.delete(word)
