"""Who decides: each kind of decision about a person, and where the table names the human being who took it (MD-31).

Art. 22 GDPR and art. 47 LIL: no decision about a person rests on automated processing alone. An app's ``decisions.py``
says of each column that names an author whether the row is a decision (:func:`decide`) or another act (:func:`act`), and
which rules of law the clock applies by itself (:func:`apply`). A column that neither names breaks the promise MD-31.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, Q, UUIDField
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from privacy.declare import REGISTRY

Words = str | Promise
IMPERSONAL: Final = ("system", "anonymous")
"""Roles that decide nothing about anybody: the house's own jobs, and a visitor nobody knows."""
COMMAND_LINE: Final = "operations"
"""A human being too, at the command line of the house, who has no account there."""
AUTHOR: Final = re.compile(r"(^|_)by(_id)?$|^actor_id$")
DECIDED: Final = re.compile(r"^(decided|approved|granted|refused|reviewed|judged)_(at|on)$")


@dataclass(frozen=True, slots=True)
class Decision:
    """One kind of decision: the rows of ``model`` that ``only`` leaves, taken at ``moment`` by whom ``account`` names.

    ``role``: the column that says in which role, where there is one. ``constraint``: PostgreSQL's check that refuses
    anybody but a person; without one the column itself refuses to be empty.
    """

    key: str
    title: Words
    who: Words
    model: str
    moment: str
    account: str
    role: str = ""
    only: Mapping[str, Any] = field(default_factory=dict)
    constraint: str = ""

    def nobody(self) -> Q:
        """The condition of a row that no human being decided."""
        if not self.role:
            return Q(**{f"{self.account}__isnull": True})
        unnamed = Q(**{f"{self.account}__isnull": True}) & ~Q(**{self.role: COMMAND_LINE})
        return Q(**{f"{self.role}__in": [*IMPERSONAL, ""]}) | unnamed

    @property
    def taken(self) -> Q:
        """The condition of a row that is this decision, and taken."""
        return Q(**{f"{self.moment}__isnull": False}, **self.only)

    @property
    def table(self) -> type[Model]:
        """The model."""
        return apps.get_model(self.model)


@dataclass(frozen=True, slots=True)
class Applied:
    """What the clock does alone: a rule of law or of the contract, the same for everybody, that weighs nobody."""

    key: str
    title: Words
    why: Words
    source: str
    sweeps: tuple[str, ...] = ()
    """The rules of the sweep that do it; "PC-52" stands for "PC-52.close" too."""


DECISIONS: Final[dict[str, Decision]] = {}
APPLIED: Final[dict[str, Applied]] = {}
_acts: Final[dict[tuple[str, str], str]] = {}


def decide(one: Decision) -> None:
    """Register a kind of decision. Raises ValueError when the key is taken by another."""
    if DECISIONS.setdefault(one.key, one) != one:
        raise ValueError(f"{one.key} is a decision already, said otherwise")


def act(model: str, *names: str, why: str) -> None:
    """Say that these columns of ``model`` name the author of an act that decides nothing about a person, and why."""
    _acts.update({(model, name): why for name in names})


def apply(one: Applied) -> None:
    """Register a rule that the clock applies. Raises ValueError when the key is taken by another."""
    if APPLIED.setdefault(one.key, one) != one:
        raise ValueError(f"{one.key} is a rule already, said otherwise")


def discover() -> None:
    """Import ``<app>.decisions`` of every installed app."""
    autodiscover_modules("decisions")


def unanswered() -> list[str]:
    """Columns that name an author or the moment of a decision and that no app answers for."""
    discover()
    known = _known()
    return sorted(f"{label}.{name}" for label, name in _authors() if (label, name) not in known)


def stale() -> list[str]:
    """Columns that are answered for and no longer exist."""
    discover()
    there = {(model._meta.label, one.name) for model in _house() for one in model._meta.local_fields}
    return sorted(f"{label}.{name}" for label, name in _known() - there)


def _known() -> set[tuple[str, str]]:
    columns = {(one.model, name) for one in DECISIONS.values() for name in (one.moment, one.account, one.role) if name}
    return columns | _acts.keys()


def _authors() -> Iterator[tuple[str, str]]:
    for model in _house():
        for one in model._meta.local_fields:
            if DECIDED.match(one.name) or (AUTHOR.search(one.name) and _names_somebody(one)):
                yield model._meta.label, one.name


def _names_somebody(one: "Field[Any, Any]") -> bool:
    return isinstance(one, ForeignKey | UUIDField)


def _house() -> list[type[Model]]:
    """The house's own tables: those whose app declares them beside itself."""
    return [model for model in apps.get_models() if model._meta.label in REGISTRY and _is_ours(model)]


def _is_ours(model: type[Model]) -> bool:
    return "site-packages" not in str(apps.get_app_config(model._meta.app_label).path)
