"""The plan and the wait, arranged for the pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
class Group:
    """The lines of a plan that share what becomes of them."""

    key: str
    title: Words
    about: Words
    lines: tuple[Line, ...]


def groups(plan: Plan) -> list[Group]:
    """The plan in three parts; a part without lines is left out."""
    found = [
        Group(key, title, about, tuple(line for outcome in outcomes for line in plan.of(outcome)))
        for key, title, about, outcomes in GROUPS
    ]
    return [group for group in found if group.lines]


def counted(lines: Iterable[Line]) -> list[str]:
    """Each line as what it is and how many."""
    return [_("%(what)s: %(count)d") % {"what": line.title, "count": line.count} for line in lines]


def short(plan: Plan) -> dict[str, list[str]]:
    """The plan for the confirmation: what goes, what stays."""
    parts = {group.key: counted(group.lines) for group in groups(plan)}
    return {"goes": parts.get("goes", []), "stays": parts.get("archived", []) + parts.get("kept", [])}


def news_of(last: Fact | None) -> Words:
    """What became of the request before, in words; empty when there is nothing to say."""
    return NEWS.get(last.why or last.kind, "") if last else ""


def days_left(execute_at: datetime, now: datetime) -> int:
    """Whole days until the instant."""
    return max((execute_at - now).days, 0)
