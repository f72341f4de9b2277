"""The JSON Schema of what the archive holds as JSON (draft 2020-12), computed from the same fields and declarations."""

from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Field, FloatField, ForeignKey, IntegerField, JSONField, Model

from privacy.declare import REGISTRY
from vault.fields import SealedJSONField, sealed_fields

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
ANY: Final = ["object", "array", "string", "number", "boolean", "null"]


def table_schema(model: type[Model], fields: list["Field[Any, Any]"]) -> dict[str, Any]:
    """One list of rows; each property says what it means."""
    sealed = {field.name for field in sealed_fields(model)}
    meanings = REGISTRY[model._meta.label].fields
    return {
        "description": REGISTRY[model._meta.label].about,
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": [field.name for field in fields if field.name not in sealed],
            "properties": {
                field.name: {"description": meanings[field.name].meaning, "type": _types(field)} for field in fields
            },
        },
    }


def document(title: str, tables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An object of such lists, by the names of their tables."""
    return {"$schema": DRAFT, "title": title, "type": "object", "additionalProperties": False, "properties": tables}


def _types(field: "Field[Any, Any]") -> list[str]:
    target = field.target_field if isinstance(field, ForeignKey) else field
    if isinstance(target, SealedJSONField | JSONField):
        return ANY
    if isinstance(target, ArrayField):
        return ["array", "null"]
    if isinstance(target, BooleanField):
        return ["boolean", "null"]
    if isinstance(target, IntegerField):
        return ["integer", "null"]
    return ["number", "null"] if isinstance(target, FloatField) else ["string", "null"]
