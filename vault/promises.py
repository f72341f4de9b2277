"""Live checks of what the vault promises: PC-70 (no opening without an entry) and PC-80 (sealed at rest)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from audit.actors import Actor
from audit.models import AccessEntry
from audit.sealing import every_row
from privacy.ids import new_id
from privacy.promises import Measure, promise
from privacy.purposes import Purpose
from vault import access
from vault.fields import SealedField, sealed_fields
from vault.models import FileKey
from vault.seal import HEAD_BYTES, VERSION

JOURNAL_TERM = timedelta(days=3 * 365)
SHORTEST = HEAD_BYTES + 16
YEAR_SECONDS = 31_536_000
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]", "testserver"}
"""Hosts whose traffic doesn't leave the machine; the last one is Django's test client."""

KEYS_USED = """
select case when octet_length({column}) >= %s and get_byte({column}, 0) = %s
            then encode(substring({column} from 2 for 16), 'hex') end as key, count(*)
  from {table} where {column} is not null group by 1
"""


@dataclass
class _Sealed:
    """What the sealed columns hold."""

    columns: int = 0
    values: int = 0
    unsealed: int = 0
    keyless: int = 0


@promise("PC-70", checked_by="tests/vault/test_promises.py")
def nothing_opens_without_an_entry(now: datetime) -> Measure:
    """Tried now on a trial file, then rolled back: each opening adds its entry, and none opens without one."""
    added, opened_anyway = _trial(now)
    silent = _files_without_entry(now)
    return Measure(
        added == 2 and not opened_anyway and not silent,
        {
            "entries_of_the_trial": added,
            "opened_without_journal": opened_anyway,
            "files": FileKey.objects.filter(destroyed_at=None).count(),
            "files_without_an_entry": silent,
        },
    )


@promise("PC-80", checked_by="tests/vault/test_promises.py")
def stored_values_are_sealed(now: datetime) -> Measure:
    """Every stored value of a sealed column begins with the sealed version and a key that exists."""
    found = _Sealed()
    known = {key.hex for key in FileKey.objects.values_list("pk", flat=True).iterator()}
    with transaction.atomic(), every_row():
        for field in _all_sealed_fields():
            found.columns += 1
            for key, count in _keys_used(field):
                found.values += count
                found.unsealed += count if key is None else 0
                found.keyless += count if key is not None and key not in known else 0
    return Measure(
        not found.unsealed and not found.keyless,
        {
            "sealed_columns": found.columns,
            "sealed_values": found.values,
            "values_in_clear": found.unsealed,
            "values_whose_key_is_unknown": found.keyless,
            "file_keys": len(known),
        },
    )


@promise("PC-80", checked_by="tests/vault/test_promises.py")
def transport_is_encrypted(now: datetime) -> Measure:
    """TLS with HSTS for a year and secure cookies; or every allowed host is this machine itself."""
    local = all(host in LOCAL_NAMES for host in settings.ALLOWED_HOSTS)
    strict = {
        "https_only": bool(settings.SECURE_SSL_REDIRECT),
        "hsts_seconds": settings.SECURE_HSTS_SECONDS,
        "secure_cookies": bool(settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE),
    }
    encrypted = strict["https_only"] and strict["secure_cookies"] and strict["hsts_seconds"] >= YEAR_SECONDS
    return Measure(bool(encrypted or local), {**strict, "this_machine_only": local})


def _trial(now: datetime) -> tuple[int, bool]:
    """Entries that making and opening a trial file added, and whether it opened with the journal shut."""
    by, file_id = Actor.system("promises"), new_id()
    lines = AccessEntry.objects.filter(subject_id=file_id)
    with transaction.atomic(using="keys"), transaction.atomic():
        access.new_file(file_id=file_id, by=by, practice_id=None, purpose=Purpose.LEGAL, now=now)
        access.open(file_id, by=by, purpose=Purpose.LEGAL, part="trial", practice_id=None, now=now)
        added = lines.count()
        opened_anyway = _opens_with_journal_shut(file_id, by, now)
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="keys")
    return added, opened_anyway


def _opens_with_journal_shut(file_id: UUID, by: Actor, now: datetime) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set transaction read only")
            access.open(file_id, by=by, purpose=Purpose.LEGAL, part="trial", practice_id=None, now=now)
    except DatabaseError:
        return False
    return True


def _files_without_entry(now: datetime) -> int:
    """Files that hold something, are younger than the journal's term, and whose making left no entry.

    A key that sealed nothing doesn't count: it is committed before its file, so a making that was broken off
    (a crash, a refused form) leaves one, and it opens nothing.
    """
    young = FileKey.objects.filter(created_at__gt=now - JOURNAL_TERM)
    with transaction.atomic(), every_row():
        used = iter({key for field in _all_sealed_fields() for key, _count in _keys_used(field) if key})
    missing = 0
    while some := list(islice(used, 5_000)):
        files = set(young.filter(pk__in=some).values_list("file_id", flat=True))
        entries = AccessEntry.objects.filter(subject_id__in=files, action="create")
        missing += len(files - set(entries.values_list("subject_id", flat=True)))
    return missing


def _all_sealed_fields() -> Iterator[SealedField]:
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy:
            yield from sealed_fields(model)


def _keys_used(field: SealedField) -> list[tuple[str | None, int]]:
    """How many values of the column each key sealed; None for what isn't sealed at all."""
    quoted = connection.ops.quote_name
    sql = KEYS_USED.format(column=quoted(str(field.column)), table=quoted(field.model._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(sql, [SHORTEST, VERSION])
        return list(cursor.fetchall())
