"""Changed schedules, proposed and approved by the real actions."""

import json
from datetime import datetime
from typing import Any

from audit.actors import Actor
from lifecycle.models import ScheduleVersion
from lifecycle.schedule.actions import approve, propose
from tests.records.factories import NOW

BY = Actor.operations("test")


def medical(years: int, active: int = 5) -> dict[str, Any]:
    """The medical rule with ``years`` in all."""
    return {
        "anchor": "last_consultation", "length": {"years": years}, "active": {"years": active},
        "archive": {"years": years - active},
    }  # fmt: skip


def text_of(**rules: Any) -> str:
    """A schedule file; a rule's dash is written as an underscore."""
    return json.dumps({"rules": {name.replace("_", "-"): said for name, said in rules.items()}})


def proposed(now: datetime = NOW, **rules: Any) -> ScheduleVersion:
    return propose(text=text_of(**rules), by=BY, now=now)


def approved(now: datetime = NOW, **rules: Any) -> ScheduleVersion:
    """Proposed and at once approved; nothing is re-dated yet."""
    return approve(number=proposed(now, **rules).number, by=BY, now=now)
