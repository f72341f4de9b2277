"""Model fields that are text in Python and sealed in the database (:mod:`vault.rest`), so that a dump shows nobody.

Decrypting asks no database. What PostgreSQL can't do with a sealed value raises FieldError instead of finding nothing.
"""

from typing import TYPE_CHECKING, Any, NoReturn

from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper

from vault.rest import PREFIX, open_value, seal_value

if TYPE_CHECKING:
    TextLike = models.Field[Any, Any]
else:
    TextLike = object

_EXISTS = "select 1 from information_schema.columns where table_name = %s and column_name = %s"
COMPARABLE = {"exact", "in", "isnull"}


class AtRest(TextLike):
    """What the field classes below share. ``compared``: equal values are found again, and can be unique."""

    compared = False

    def __init__(self, *args: Any, compared: bool = False, **kwargs: Any) -> None:
        self.compared = compared
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """With ``compared`` where it differs."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "compared": True} if self.compared else kwargs

    @property
    def place(self) -> str:
        """Where values belong: they open nowhere else."""
        return f"{self.model._meta.db_table}|{self.column}"

    def get_internal_type(self) -> str:
        """Stored as text of any length: the limit is on what is typed."""
        return "TextField"

    def from_db_value(self, value: str | None, expression: object, connection: BaseDatabaseWrapper) -> str | None:
        """The text. Raises SealBroken for a value in clear or moved."""
        return None if value is None else open_value(self.place, value, compared=self.compared)

    def get_prep_value(self, value: Any) -> Any:
        """The sealed value, for rows and look-ups alike."""
        value = super().get_prep_value(value)
        return seal_value(self.place, value, compared=self.compared) if isinstance(value, str) else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Equality where values can be compared, whether there is one everywhere. Raises FieldError otherwise."""
        if lookup_name in (COMPARABLE if self.compared else {"isnull"}):
            return super().get_lookup(lookup_name)
        return self._refuse(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        """None. Raises FieldError."""
        return self._refuse(lookup_name)

    def _refuse(self, lookup_name: str) -> NoReturn:
        raise FieldError(
            f"{self.model._meta.label}.{self.name} is sealed at rest, so {lookup_name} finds nothing: "
            "fetch the rows by something else and compare in Python"
        )


class AtRestCharField(AtRest, models.CharField):  # type: ignore[type-arg]
    """A short text, sealed."""


class AtRestTextField(AtRest, models.TextField):  # type: ignore[type-arg]
    """A long text, sealed."""


class AtRestEmailField(AtRest, models.EmailField):  # type: ignore[type-arg]
    """An e-mail address, sealed, always compared and always in lower case: whoever asks finds it however it was typed."""

    compared = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "compared": True})

    def deconstruct(self) -> Any:
        """As any e-mail field: there is nothing to choose."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {key: value for key, value in kwargs.items() if key != "compared"}

    def get_prep_value(self, value: Any) -> Any:
        """The sealed address in lower case."""
        return super().get_prep_value(value.lower() if isinstance(value, str) else value)

    def get_lookup(self, lookup_name: str) -> Any:
        """``iexact`` is ``exact``: there is but one spelling."""
        return super().get_lookup("exact" if lookup_name == "iexact" else lookup_name)


def at_rest_fields(model: type[models.Model]) -> list[AtRest]:
    """The sealed-at-rest columns of a model."""
    return [field for field in model._meta.local_concrete_fields if isinstance(field, AtRest)]


def any_sealed() -> bool:
    """Whether the main database holds any value sealed at rest. Tables that aren't migrated yet hold none."""
    return any(_holds_sealed(field) for model in apps.get_models() for field in at_rest_fields(model))


def _holds_sealed(field: AtRest) -> bool:
    table, column = field.model._meta.db_table, str(field.column)
    with connection.cursor() as cursor:
        cursor.execute(_EXISTS, [table, column])
        if not cursor.fetchone():
            return False
        name = connection.ops.quote_name
        cursor.execute(f"select 1 from {name(table)} where starts_with({name(column)}, %s) limit 1", [PREFIX])  # noqa: S608
        return bool(cursor.fetchone())
