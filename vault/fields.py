"""Model fields whose database value is sealed. Their attribute is a :class:`Sealed`, or None.

A model with sealed fields has an attribute or property ``sealed_file_id`` (UUID): the file whose key
seals it. Values go in and out through a :class:`vault.handles.Handle` only.
"""

import base64
import json
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from privacy.declare import REGISTRY, Category
from vault.seal import Sealed
from vault.unsealed import unsealed

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
else:
    AnyField = models.Field


WHO_IT_IS: Final = frozenset({Category.IDENTITY, Category.CONTACT})
"""What letters and invitations may name of a file: its person, and where they are reached."""


class SealedField(AnyField):
    """Bytes in the database, a :class:`Sealed` in Python; no look-up but ``isnull``."""

    empty_values = [None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        """Stored as bytea."""
        return "BinaryField"

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> Sealed | None:
        """What the database holds, unopened."""
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Sealed | None:
        """Sealed values only. Raises ValidationError for plaintext."""
        if value is None or isinstance(value, Sealed):
            return value
        raise ValidationError(_("Seal the value with a handle first: plaintext is never saved."))

    def get_prep_value(self, value: Any) -> Any:
        """The stored bytes. Raises TypeError for plaintext, so that none reaches the database."""
        if value is None or isinstance(value, Sealed) or hasattr(value, "resolve_expression"):
            return value
        raise TypeError(f"{self.name} takes sealed values only: write it through a vault handle")

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """The bytes as the driver takes them."""
        value = super().get_db_prep_value(value, connection, prepared)
        return bytes(value) if isinstance(value, Sealed) else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is a value; sealed values can't be compared (search uses tokens)."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        """The sealed bytes in base64, for serializers."""
        value = self.value_from_object(obj)
        return base64.b64encode(bytes(value)).decode() if value is not None else ""

    @cached_property
    def stays(self) -> bool:
        """Whether its words are none for a message: all but who somebody is and how to reach them, by the field's declaration."""
        declared = REGISTRY.get(self.model._meta.label)
        field = declared.fields.get(self.name) if declared else None
        return field is None or field.category not in WHO_IT_IS

    def opened(self, plain: bytes) -> Any:
        """The value that was sealed; its words marked where they stay in the house (:mod:`vault.unsealed`)."""
        value = self.decode(plain)
        return unsealed(value) if self.stays else value

    def encode(self, value: Any) -> bytes:
        """The bytes to seal."""
        raise NotImplementedError

    def decode(self, plain: bytes) -> Any:
        """The value that was sealed."""
        raise NotImplementedError


class SealedTextField(SealedField):
    """Sealed text."""

    def encode(self, value: Any) -> bytes:
        """UTF-8. Raises TypeError for anything but text."""
        if not isinstance(value, str):
            raise TypeError(f"{self.name} holds text, not {type(value).__name__}")
        return value.encode()

    def decode(self, plain: bytes) -> str:
        """The text."""
        return plain.decode()


class SealedJSONField(SealedField):
    """A sealed JSON value."""

    def encode(self, value: Any) -> bytes:
        """JSON in UTF-8."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, plain: bytes) -> Any:
        """The value."""
        return json.loads(plain)


@cache
def sealed_fields(model: type[models.Model]) -> list[SealedField]:
    """The sealed fields of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, SealedField)]
