"""Agreements whose paper is on file: a name that the app which keeps such proofs registers (gdpr_requests/duties)."""

from collections.abc import Callable, Mapping
from datetime import date

_keepers: list[Callable[[], Mapping[str, date]]] = []


def papers_from(keeper: Callable[[], Mapping[str, date]]) -> None:
    """Have ``keeper`` asked for the agreements on file: the day of the newest, by subprocessor. Twice keeps one."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def papers() -> dict[str, date]:
    """The day of the newest agreement on file with each subprocessor."""
    return {key: day for keeper in _keepers for key, day in keeper().items()}
