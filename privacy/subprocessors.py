"""Who processes data for us, and what follows from it: the law's side of every adapter (PC-90, PC-101). Pure: no Django here.

The public page, the registers of Art. 30, the check of the policy's own list and the one door out read this and nothing else.
A change is a new version, announced long enough before it counts for people to object. What is read here reads the versions that
count (:func:`counted`): whoever asks, so that no page, list or door can name a version that nobody was told of.

A transfer needs a mechanism that still counts. Neither standard contractual clauses nor an adequacy decision carry an end of
their own, so that nobody would notice that nobody looked again. Here each counts from the day it was checked for a term of
ours (:data:`COUNTS_FOR`) and not a day longer: then the adapter closes by itself (:func:`why_closed`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from privacy.clocks import Period
from privacy.subprocessor_rows import COUNTRIES as COUNTRIES
from privacy.subprocessor_rows import COUNTS_FOR as COUNTS_FOR
from privacy.subprocessor_rows import KINDS as KINDS
from privacy.subprocessor_rows import VERSIONS as VERSIONS
from privacy.subprocessor_rows import Host as Host
from privacy.subprocessor_rows import Kind as Kind
from privacy.subprocessor_rows import Mechanism as Mechanism
from privacy.subprocessor_rows import RegisterVersion as RegisterVersion
from privacy.subprocessor_rows import Subprocessor as Subprocessor
from privacy.subprocessor_rows import checked as checked
from privacy.wording import gettext_noop as _

OBJECTION_WINDOW: Final = Period(days=30)
"""How long practitioners may object before a change counts (GDPR Art. 28(2)); the day of the announcement isn't counted."""


class Closed(StrEnum):
    """Why nothing may go to a subprocessor, whatever anybody agreed to."""

    NO_ENTRY = "no_entry"
    NOT_YET = "not_yet"
    NO_MECHANISM = "no_mechanism"


CLOSED: Final[Mapping[Closed, str]] = {
    Closed.NO_ENTRY: _("it doesn't stand in the register of subprocessors"),
    Closed.NOT_YET: _("its announcement isn't in force yet: people may still object"),
    Closed.NO_MECHANISM: _("the transfer has no legal mechanism"),
}


class NoRegister(LookupError):
    """No version was in force on the day asked for."""


def earliest(announced_on: date) -> date:
    """The first day on which a version announced on a day may be in force: the one after the window's last."""
    return OBJECTION_WINDOW.after(announced_on) + timedelta(days=1)


def faults(versions: Sequence[RegisterVersion]) -> list[str]:
    """What is wrong with a history of the register; empty when it holds together. The first version had nobody to tell."""
    found = [f"version {one.number} isn't number {n}" for n, one in enumerate(versions, 1) if one.number != n]
    for before, one in pairwise(versions):
        if one.effective_on < earliest(one.announced_on):
            found.append(f"version {one.number} leaves less than {OBJECTION_WINDOW.days} days to object")
        if one.effective_on <= before.effective_on:
            found.append(f"version {one.number} isn't later than version {before.number}")
    for one in versions:
        keys = [each.key for each in one.entries]
        found += [f"version {one.number} has {key} twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
    return found


_counting: list[Callable[[], Sequence[RegisterVersion]]] = []


def count_with(counting: Callable[[], Sequence[RegisterVersion]]) -> None:
    """Have only those versions count that ``counting`` returns: whoever keeps the announcements registers it, once."""
    _counting[:] = [counting]


def counted() -> Sequence[RegisterVersion]:
    """The versions that may count, each from its day on: those announced in time. All, where no app keeps announcements.

    Every function below reads these unless it is given others. Read them once where a loop asks about many days or services.
    """
    return _counting[0]() if _counting else VERSIONS


def until(day: date, versions: Sequence[RegisterVersion] | None = None) -> list[RegisterVersion]:
    """The versions that are or were in force by ``day`` (of those given, else of those that count), the oldest first."""
    return [one for one in (counted() if versions is None else versions) if one.effective_on <= day]


def register_at(day: date, versions: Sequence[RegisterVersion] | None = None) -> RegisterVersion:
    """The version in force on ``day``. Raises :class:`NoRegister` before the first."""
    held = until(day, versions)
    if not held:
        raise NoRegister(f"No register of subprocessors was in force on {day.isoformat()}")
    return held[-1]


def names(day: date) -> dict[str, str]:
    """What everybody is called who stands or stood in the register by ``day``, by key; the newest name of each."""
    return {one.key: one.name for version in until(day) for one in version.entries}


def entry(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> Subprocessor:
    """The subprocessor ``key`` as the register has it on ``day``. Raises :class:`NoRegister`, or KeyError with those it has."""
    found = register_at(day, versions)
    if one := found.entry(key):
        return one
    raise KeyError(f"{key!r} isn't in version {found.number}; it has: {', '.join(e.key for e in found.entries)}")


def service_of(slot: str, day: date) -> str:
    """The first subprocessor of that day's register that a slot of the consent ledger opens; empty for none."""
    return next((one.key for one in register_at(day).entries if slot in one.switches), "")


def why_closed(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> Closed | None:
    """Why nothing may go to ``key`` on ``day``, or None. Follows from the register and the day alone."""
    every = counted() if versions is None else versions
    try:
        one = entry(key, day, every)
    except (NoRegister, KeyError):
        coming = any(later.entry(key) for later in every if later.effective_on > day)
        return Closed.NOT_YET if coming else Closed.NO_ENTRY
    return None if one.has_basis_on(day) else Closed.NO_MECHANISM


def closed_since(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> date | None:
    """The first day of the closure that :func:`why_closed` finds for want of a mechanism; None when it finds another or none."""
    every = counted() if versions is None else versions
    if why_closed(key, day, every) is not Closed.NO_MECHANISM:
        return None
    since = register_at(day, every).effective_on
    ends = [one.expires_on for one in entry(key, day, every).mechanisms if one.expires_on < day]
    return max([since, *(end + timedelta(days=1) for end in ends)])


if _wrong := faults(VERSIONS):
    raise ValueError("; ".join(_wrong))
