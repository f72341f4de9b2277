"""A change of the register to come, for tests: somebody new, somebody gone, somebody abroad."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from audit.actors import Actor
from privacy import subprocessors as law
from privacy.clocks import start_of
from privacy.subprocessors import Host, RegisterVersion
from subprocessors import actions
from subprocessors.models import Announcement

FIRST = law.VERSIONS[0]
TOLD = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = date(2026, 12, 24)
"""The first day possible for what is announced on 23 November: the thirtieth day to object is the 23rd."""
BEGINS = start_of(DAY)
OPERATIONS = Actor.operations("tests")


def second(day: date = DAY, *, number: int = 2, announced_on: date = date(2026, 11, 23)) -> RegisterVersion:
    """AWS is gone, BulkGate sends from the United States, and Newcomer is new."""
    kept = [one for one in FIRST.entries if one.key not in ("aws", "bulkgate")]
    bulkgate = FIRST.entry("bulkgate")
    assert bulkgate is not None
    moved = replace(bulkgate, hosts=(Host("us.bulkgate.com", False),))
    new = replace(
        bulkgate, key="newcomer", name="Newcomer", company="Newcomer SAS", hosts=(Host("api.new.example", True),)
    )
    return RegisterVersion(number, announced_on, day, (*kept, moved, new))


def prepare(monkeypatch: pytest.MonkeyPatch, *versions: RegisterVersion) -> None:
    """Have the house know these versions after the first."""
    every = (FIRST, *(versions or (second(),)))
    assert law.faults(every) == []
    monkeypatch.setattr(law, "VERSIONS", every)


def announced(number: int = 2, **fields: Any) -> Announcement:
    return actions.announce(number=number, by=OPERATIONS, **{"now": TOLD, **fields})
