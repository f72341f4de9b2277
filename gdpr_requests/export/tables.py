"""Which tables and fields go into an export, read from the declarations: a new table is in it from its first day (PC-64).

Tables of the account are found by the answers of the erasure plan, so that what is erased and what is exported can't
know different tables.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.db.models import BinaryField, Field, Model, Q, QuerySet

from audit.models import AccessEntry
from consents.models import ConsentEvent
from gdpr_requests.export.scopes import Scope, takes
from gdpr_requests.models import Exchange, Request
from lifecycle.erasure.answers import FOLLOWING, answers, personal_tables
from privacy.declare import REGISTRY, Export, ModelDeclaration, Subject
from privacy.registry import installed_models, own_fields
from records.models import PatientFile
from vault.fields import sealed_fields
from vault.handles import Handle

AT_ONCE: Final = 2_000
OURS_ALONE: Final = frozenset({"practice", "practice_id", "search_tokens"})
APART: Final = frozenset({ConsentEvent._meta.label, AccessEntry._meta.label, "consents.EventOrigin"})
"""Tables that stand in the archive in a form of their own."""


def account_tables(scope: Scope) -> list[ModelDeclaration]:
    """The tables about an account's holder with anything in them that ``scope`` takes, in the order of their names."""
    tables = {answer.table.label: answer.table for answer in answers() if answer.rows is not None}
    in_files = {model._meta.label for model in kept_in_files()}
    return [
        table
        for label, table in sorted(tables.items())
        if label not in APART
        and label not in in_files
        and any(field.personal and takes(field, scope) for field in table.fields.values())
    ]


def rows_of(table: ModelDeclaration, user_id: UUID) -> QuerySet[Any]:
    """The rows of one of these tables. Call inside ``care.tenancy.scope``.

    An erasure also looks at what somebody wrote in the requests of others: those words are the others', and stay.
    """
    if table.label == Exchange._meta.label:
        return Exchange.objects.filter(request_id__in=Request.objects.filter(account_id=user_id).values("pk"))
    found = [answer.of_account(user_id) for answer in answers() if answer.table is table and answer.rows is not None]
    if len(found) == 1:
        return found[0]
    rows: QuerySet[Any] = found[0].model._default_manager.all()
    return rows.filter(reduce(or_, (Q(pk__in=one.values("pk")) for one in found)))


def in_pieces(rows: QuerySet[Any], size: int = AT_ONCE) -> Iterator[list[Any]]:
    """All rows by their key, some thousands at a time: no cursor stays open while somebody reads slowly."""
    rows, last = rows.order_by("pk"), None
    while piece := list((rows.filter(pk__gt=last) if last is not None else rows)[:size]):
        last = piece[-1].pk
        yield piece


def kept_in_files() -> dict[type[Model], str]:
    """The patient's file and every table about patients whose rows name their file, with the column that does.

    The keys themselves never leave.
    """
    found: dict[type[Model], str] = {PatientFile: "pk"}
    for model in installed_models():
        declared = REGISTRY.get(model._meta.label)
        if model._meta.app_label == "vault" or declared is None or declared.subject is not Subject.PATIENT:
            continue
        if any(field.attname == "file_id" for field in own_fields(model)):
            found[model] = "file_id"
        elif model is not PatientFile and model._meta.label in FOLLOWING:
            found[model] = FOLLOWING[model._meta.label]
    return found


def unreached() -> list[str]:
    """Personal fields that should leave and are in no export: none, or the export is incomplete."""
    reached = {table.label for table in account_tables(Scope.FULL)} | APART
    reached |= {model._meta.label for model in kept_in_files()}
    return [
        f"{table.label}.{name}"
        for table in personal_tables()
        if table.label not in reached
        for name, field in table.fields.items()
        if field.personal and field.export is not Export.WITHHELD
    ]


def shown_fields(model: type[Model], scope: Scope | None = None) -> list["Field[Any, Any]"]:
    """The fields of a table that leave: all that aren't withheld in patients' files, what ``scope`` takes elsewhere."""
    declared, sealed = REGISTRY[model._meta.label].fields, {field.name for field in sealed_fields(model)}
    shown = []
    for field in own_fields(model):
        one = declared[field.name]
        taken = takes(one, scope) if scope else one.export is not Export.WITHHELD
        is_bytes = isinstance(field, BinaryField) and field.name not in sealed
        if taken and field.name not in OURS_ALONE and not is_bytes:
            shown.append(field)
    return shown


def values_of(row: Model, fields: list["Field[Any, Any]"], handle: Handle | None = None) -> dict[str, Any]:
    """The values of ``fields`` in a row; sealed ones where ``handle`` opens them."""
    sealed, found = {field.name for field in sealed_fields(type(row))}, {}
    for field in fields:
        if field.name not in sealed:
            found[field.name] = plain(field.value_from_object(row))
        elif handle is not None and getattr(row, "sealed_file_id", None) == handle.file_id:
            found[field.name] = plain(handle.read(row, field.name))
    return found


def plain(value: Any) -> Any:
    """A value as JSON knows it; moments and days as ISO 8601."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
