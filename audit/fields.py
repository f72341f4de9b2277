"""A model field for PostgreSQL's int8multirange, which Django has no field for."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.ranges import Ranges, text

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
else:
    AnyField = models.Field


class NumberRangesField(AnyField):
    """A set of entry numbers, as :data:`audit.ranges.Ranges`."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """PostgreSQL's own type."""
        return "int8multirange"

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> Ranges | None:
        """psycopg's ranges as plain pairs."""
        return None if value is None else tuple((part.lower, part.upper) for part in value)

    def get_prep_value(self, value: Any) -> str | None:
        """PostgreSQL reads the text form."""
        return value if value is None or isinstance(value, str) else text(value)

    def get_placeholder(self, value: object, compiler: object, connection: BaseDatabaseWrapper) -> str:
        """Name the type: a bare text would be refused."""
        return "%s::int8multirange"
