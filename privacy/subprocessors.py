"""Who processes data for us, and what follows from it: the law's side of every adapter (PC-90, PC-101). Pure: no Django here.

The public page, the registers of Art. 30, the check of the policy's own list and the one door out read this and nothing else.
A change is a new version, announced long enough before it counts for people to object.

A transfer needs a mechanism that still counts. Neither standard contractual clauses nor an adequacy decision carry an end of
their own, so that nobody would notice that nobody looked again. Here each counts from the day it was checked for a term of
ours (:data:`COUNTS_FOR`) and not a day longer: then the adapter closes by itself (:func:`why_closed`).
"""

from collections.abc import Mapping, Sequence
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


def register_at(day: date, versions: Sequence[RegisterVersion] | None = None) -> RegisterVersion:
    """The version in force on ``day`` (of those given, else of all). Raises :class:`NoRegister` before the first."""
    held = [one for one in (VERSIONS if versions is None else versions) if one.effective_on <= day]
    if not held:
        raise NoRegister(f"No register of subprocessors was in force on {day.isoformat()}")
    return held[-1]


def entry(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> Subprocessor:
    """The subprocessor ``key`` as the register has it on ``day``. Raises :class:`NoRegister`, or KeyError with those it has."""
    found = register_at(day, versions)
    if one := found.entry(key):
        return one
    raise KeyError(f"{key!r} isn't in version {found.number}; it has: {', '.join(e.key for e in found.entries)}")


def why_closed(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> Closed | None:
    """Why nothing may go to ``key`` on ``day``, or None. Follows from the register and the day alone."""
    every = VERSIONS if versions is None else versions
    try:
        one = entry(key, day, every)
    except (NoRegister, KeyError):
        coming = any(later.entry(key) for later in every if later.effective_on > day)
        return Closed.NOT_YET if coming else Closed.NO_ENTRY
    return None if one.has_basis_on(day) else Closed.NO_MECHANISM


def closed_since(key: str, day: date, versions: Sequence[RegisterVersion] | None = None) -> date | None:
    """The first day of the closure that :func:`why_closed` finds for want of a mechanism; None when it finds another or none."""
    if why_closed(key, day, versions) is not Closed.NO_MECHANISM:
        return None
    since = register_at(day, versions).effective_on
    ends = [one.expires_on for one in entry(key, day, versions).mechanisms if one.expires_on < day]
    return max([since, *(end + timedelta(days=1) for end in ends)])


if _wrong := faults(VERSIONS):
    raise ValueError("; ".join(_wrong))
