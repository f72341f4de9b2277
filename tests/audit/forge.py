"""A superuser's forced change: guards off, change, guards on again, as an attacker would to leave no trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from audit.actions import AccessRow, record_accesses
from audit.actors import Actor
from praticonnect.database import as_owner
from privacy.ids import new_id

GUARDS = ("audit_append", "audit_refuse", "audit_keep")
RECOMPUTE = (
    "update {0} e set leaf = sha256('\\x00' || convert_to(audit_canonical(to_jsonb(e)), 'UTF8')) where seq = {1}"
)


@contextmanager
def forced(table: str) -> Iterator[None]:
    """Within it, the owner's SQL passes all guards of ``table``."""
    with as_owner():
        _each(table, "disable")
        yield
        _each(table, "enable always")


def force(table: str, *statements: str) -> None:
    with forced(table), connection.cursor() as cursor:
        cursor.execute("set local timezone = 'UTC'")
        for statement in statements:
            cursor.execute(statement)


def _each(table: str, verb: str) -> None:
    parts = [
        "select %s::regclass::text union select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass"
    ]
    with connection.cursor() as cursor:
        cursor.execute(parts[0], [table, table])
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "select tgrelid::regclass::text, tgname from pg_trigger where tgrelid = any(%s::regclass[])", [names]
        )
        for name, guard in cursor.fetchall():
            if guard in GUARDS:
                cursor.execute(f"alter table {name} {verb} trigger {guard}")


def accesses(count: int, now: datetime) -> list[int]:
    """``count`` entries in the access journal; their numbers."""
    by = Actor.system("test")
    practice = new_id()
    record_accesses(
        by=by, rows=[AccessRow(new_id(), "name", "list", practice) for _ in range(count)], purpose="care", now=now
    )
    with connection.cursor() as cursor:
        cursor.execute("select seq from audit_accessentry where practice_id = %s order by seq", [practice])
        return [number for (number,) in cursor.fetchall()]


def backdate(numbers: list[int], written_at: datetime) -> None:
    """Make unsealed entries look as if written then, hashes included: what time itself would have done."""
    listed = ",".join(map(str, numbers))
    force(
        "audit_accessentry",
        f"update audit_accessentry set written_at = '{written_at.isoformat()}', at = '{written_at.isoformat()}' where seq in ({listed})",
        *(RECOMPUTE.format("audit_accessentry", number) for number in numbers),
    )
