"""Live checks of what the vault promises: PC-70 (no opening without an entry) and PC-80 (sealed at rest)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField, Model, TextField

from audit.actors import Actor
from audit.models import AccessEntry
from audit.sealing import every_row
from privacy.declare import REGISTRY, Category
from privacy.ids import new_id
from privacy.promises import Measure, promise
from privacy.purposes import Purpose
from privacy.registry import discover
from vault import access
from vault.errors import SealBroken
from vault.fields import SealedField, sealed_fields
from vault.models import FileKey
from vault.rest import PREFIX, open_value
from vault.rest_fields import AtRest, at_rest_fields
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

AT_REST = """
select count(*), count(*) filter (where not starts_with({column}, %s)) from {table} where {column} <> ''
"""
SOME_AT_REST = "select {column} from {table} where starts_with({column}, %s) order by random() limit %s"
TRIED = 50
"""Of each column: the values that are really opened."""
WHO = {Category.IDENTITY, Category.CONTACT, Category.PROFESSIONAL}
LONGEST_CODE = 5


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


@promise("PC-80", checked_by="tests/vault/test_rest_promises.py")
def identities_are_sealed(now: datetime) -> Measure:
    """No account's name, address or number stands in clear: every value is sealed, some are opened, no column is left out."""
    values = in_clear = unreadable = 0
    fields = [field for model in _stored_models() for field in at_rest_fields(model)]
    for field in fields:
        count, clear, broken = _state_of(field)
        values, in_clear, unreadable = values + count, in_clear + clear, unreadable + broken
    left_out = sorted(_identities_left_out())
    return Measure(
        bool(fields) and not (in_clear or unreadable or left_out),
        {
            "columns_of_identities": len(fields),
            "values": values,
            "values_in_clear": in_clear,
            "values_that_do_not_open": unreadable,
            "columns_in_clear": left_out,
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
    for model in _stored_models():
        yield from sealed_fields(model)


def _stored_models() -> Iterator[type[Model]]:
    return (model for model in apps.get_models() if model._meta.managed and not model._meta.proxy)


def _state_of(field: AtRest) -> tuple[int, int, int]:
    """Values of the column; those of them in clear; and of some that are opened, those that don't open."""
    quoted = connection.ops.quote_name
    names = {"column": quoted(str(field.column)), "table": quoted(field.model._meta.db_table)}
    with transaction.atomic(), every_row(), connection.cursor() as cursor:
        cursor.execute(AT_REST.format(**names), [PREFIX])
        count, clear = cursor.fetchone()
        cursor.execute(SOME_AT_REST.format(**names), [PREFIX, TRIED])
        broken = sum(not _opens(field, stored) for (stored,) in cursor.fetchall())
    return count, clear, broken


def _opens(field: AtRest, stored: str) -> bool:
    try:
        return bool(open_value(field.place, stored, compared=field.compared))
    except SealBroken:
        return False


def _identities_left_out() -> Iterator[str]:
    """Columns declared to say who somebody is that hold plain text."""
    discover()
    for model in _stored_models():
        declared = REGISTRY.get(model._meta.label)
        for name, field in declared.fields.items() if declared else ():
            if field.category in WHO and _is_plain(model._meta.get_field(name)):
                yield f"{model._meta.label}.{name}"


def _is_plain(column: object) -> bool:
    """Whether a column holds free text in clear: neither sealed nor a choice nor a short code."""
    if not isinstance(column, CharField | TextField) or isinstance(column, AtRest):
        return False
    return not column.choices and (column.max_length is None or column.max_length > LONGEST_CODE)


def _keys_used(field: SealedField) -> list[tuple[str | None, int]]:
    """How many values of the column each key sealed; None for what isn't sealed at all."""
    quoted = connection.ops.quote_name
    sql = KEYS_USED.format(column=quoted(str(field.column)), table=quoted(field.model._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(sql, [SHORTEST, VERSION])
        return list(cursor.fetchall())
