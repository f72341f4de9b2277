"""The promises that the running system measures on itself.

Each app's ``promises.py`` registers functions with :func:`promise`; ``manage.py promises`` runs
them on the live database. A promise is kept when every function registered for it says so, and
null (not built) while none is.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from privacy.promise_rows import ROWS, Row


@dataclass(frozen=True)
class Measure:
    """What one check found: whether the promise holds, and the figures it was read from.

    ``kept`` is None where there is nothing to measure; then a figure says why.
    """

    kept: bool | None
    figures: Mapping[str, object]


Check = Callable[[datetime], Measure]


@dataclass(frozen=True)
class RegisteredCheck:
    """A check and the test file that proves it could fail."""

    run: Check
    checked_by: str


@dataclass(frozen=True)
class Result:
    """One promise as it stands now; ``kept`` is None while nothing measures it."""

    row: Row
    kept: bool | None
    evidence: Mapping[str, object]
    checked_by: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The result under the keys that ``manage.py promises --json`` promises."""
        return {
            "id": self.row.id,
            "kept": self.kept,
            "evidence": dict(self.evidence),
            "checked_by": list(self.checked_by),
            "title": self.row.title,
            "section": self.row.section,
        }


CHECKS: dict[str, list[RegisteredCheck]] = defaultdict(list)


def promise(promise_id: str, *, checked_by: str) -> Callable[[Check], Check]:
    """Register the decorated function as a live check of the promise ``promise_id``.

    Raises ValueError for an id that isn't in the list of promises.
    """
    if promise_id not in ROWS:
        raise ValueError(f"{promise_id} is no promise; privacy/promise_rows.py lists them")

    def register(check: Check) -> Check:
        CHECKS[promise_id].append(RegisteredCheck(check, checked_by))
        return check

    return register


def discover() -> None:
    """Import every app's ``promises.py``, and the checks of privacy/ itself."""
    autodiscover_modules("promises")
    import_module("privacy.evidence")


def unknown(ids: Iterable[str]) -> list[str]:
    """Those of ``ids`` that no promise has."""
    return [promise_id for promise_id in ids if promise_id not in ROWS]


def measure(now: datetime, only: Iterable[str] = ()) -> list[Result]:
    """Measure every promise (or ``only`` those) on the live database, in the policy's order."""
    discover()
    wanted = set(only) or ROWS.keys()
    return [_measure_one(row, now) for row in ROWS.values() if row.id in wanted]


def _measure_one(row: Row, now: datetime) -> Result:
    checks = CHECKS.get(row.id, [])
    measures = [_run(check.run, now) for check in checks]
    return Result(
        row=row,
        kept=_all_kept(measures),
        evidence={key: value for found in measures for key, value in found.figures.items()},
        checked_by=tuple(dict.fromkeys(check.checked_by for check in checks)),
    )


def _all_kept(measures: Iterable[Measure]) -> bool | None:
    """False if one isn't kept, None if one couldn't be measured or there is none."""
    found = {one.kept for one in measures}
    if False in found:
        return False
    return None if None in found or not found else True


def _run(check: Check, now: datetime) -> Measure:
    """Run one check; one that raises is a promise not kept, whatever the reason."""
    try:
        with transaction.atomic():
            return check(now)
    except Exception as error:  # noqa: BLE001 - any failure to measure is a failed measure
        return Measure(kept=False, figures={check.__name__: f"raised {type(error).__name__}"})
