"""Erase one practitioner's account: python -m bench.erasure_once EMAIL FIGURES.json. A process of its own, to weigh it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django


def main(email: str, out: Path) -> None:
    """Plan, execute, verify, certify; seconds of the plan and of the rest, and what became of the files."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "praticonnect.settings")
    django.setup()
    from accounts.models import User
    from audit.actors import Actor
    from lifecycle.erasure import finishing
    from lifecycle.erasure.execute import execute_account
    from lifecycle.erasure.files import Fate
    from lifecycle.erasure.plan import plan_for_account

    seconds: dict[str, float] = {}
    setattr(finishing, "STEPS", [(state, clocked(str(state), step, seconds)) for state, step in finishing.STEPS])  # noqa: B010
    user, now = User.objects.get(email=email), datetime.now(UTC)
    started = time.perf_counter()
    plan = plan_for_account(user.pk, now)
    planned = time.perf_counter()
    done = execute_account(user.pk, plan.sha256, by=Actor.operations("bench"), now=now)
    figures = {
        "plan": planned - started,
        "execute": time.perf_counter() - planned,
        "steps": seconds,
        "files": len(plan.with_fate(Fate.ERASED)),
        "certified": done.certificate is not None,
    }
    out.write_text(json.dumps(figures))


def clocked(name: str, step: Callable[..., dict[str, Any]], seconds: dict[str, float]) -> Callable[..., dict[str, Any]]:
    """``step``, with the time it took noted under ``name``."""

    def run(*arguments: Any) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            return step(*arguments)
        finally:
            seconds[name] = time.perf_counter() - started

    return run


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
