"""The plan and the wait, arranged for the pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lifecycle.deletion.rules import Fact, Kind, Why
from lifecycle.deletion.seam import Line, Outcome, Plan

Words = str | Promise

GROUPS: tuple[tuple[str, Words, Words, tuple[Outcome, ...]], ...] = (
    (
        "goes",
        gettext_lazy("What goes"),
        gettext_lazy("Destroyed at the moment of the deletion, with every copy. Nobody can bring it back."),
        (Outcome.ERASED, Outcome.BLANKED),
    ),
    (
        "archived",
        gettext_lazy("What goes into the sealed archive"),
        gettext_lazy("Out of everybody's daily work at once, and destroyed when its term ends."),
        (Outcome.ARCHIVED,),
    ),
    (
        "kept",
        gettext_lazy("What stays"),
        gettext_lazy("Under a random number instead of your name, as long as the law named beside it asks for it."),
        (Outcome.KEPT,),
    ),
)

NEWS: dict[str, Words] = {
    Kind.WITHDRAWN: gettext_lazy("You have withdrawn your request. Everything is as it was before."),
    Why.CREDENTIALS: gettext_lazy(
        "Your request was stopped, because the e-mail address or a second factor was changed in the seven days before the deletion. Nothing was deleted. If it was you, ask again."
    ),
    Why.PLAN: gettext_lazy(
        "Your request was stopped, because more would have gone than the plan said that you approved. Nothing was deleted. Read the plan below, and ask again."
    ),
}

UNDO_WAITING = (
    gettext_lazy("Until that moment, all of it: one click, and everything is as it was before."),
    gettext_lazy("After it, nothing: what went can't be brought back."),
)
UNDO_NOTHING = (gettext_lazy("Nothing: there is no way back from this click on."),)


@dataclass(frozen=True, slots=True)
class Row:
    """Lines of a plan with one fate on one ground: their common words, and what each counts."""

    lines: tuple[Line, ...]

    @property
    def first(self) -> Line:
        """The line whose ground and sentence hold for all."""
        return self.lines[0]

    @property
    def number(self) -> int:
        """How many records there are of all of them."""
        return sum(line.count for line in self.lines)


@dataclass(frozen=True, slots=True)
class Group:
    """The part of a plan that shares what becomes of it."""

    key: str
    title: Words
    about: Words
    rows: tuple[Row, ...]


def groups(plan: Plan) -> list[Group]:
    """The plan in three parts; a part without lines is left out."""
    found = [
        Group(key, title, about, tuple(_rows(line for outcome in outcomes for line in plan.of(outcome))))
        for key, title, about, outcomes in GROUPS
    ]
    return [group for group in found if group.rows]


def _rows(lines: Iterable[Line]) -> Iterator[Row]:
    shared: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        shared.setdefault((line.rule, line.sentence), []).append(line)
    return (Row(tuple(ones)) for ones in shared.values())


def short(plan: Plan) -> dict[str, list[str]]:
    """The plan for the confirmation: what goes by kind, what stays by ground."""
    parts = {group.key: group.rows for group in groups(plan)}
    goes = [
        _("%(what)s: %(count)d") % {"what": line.title, "count": line.count}
        for row in parts.get("goes", ())
        for line in row.lines
    ]
    return {"goes": goes, "stays": [_stays(row) for key in ("archived", "kept") for row in parts.get(key, ())]}


def _stays(row: Row) -> str:
    counted = ngettext("%(ground)s: %(count)d record.", "%(ground)s: %(count)d records.", row.number)
    return f"{counted % {'ground': row.first.ground, 'count': row.number}} {row.first.sentence}"


def news_of(last: Fact | None) -> Words:
    """What became of the request before, in words; empty when there is nothing to say."""
    return NEWS.get(last.why or last.kind, "") if last else ""
