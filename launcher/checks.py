"""./dev check: what must be true before code lands; the same as CI."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from launcher.console import say
from launcher.environment import served
from launcher.places import PYTHON, ROOT, var


@dataclass(frozen=True)
class Check:
    """One command that must end with 0, and what to do when it doesn't."""

    name: str
    command: tuple[str, ...]
    remedy: str = ""


MANAGE = (str(PYTHON), "manage.py")
CHECKS = (
    Check("format", ("ruff", "format", "--check", "."), "ruff format . mends it"),
    Check("lint", ("ruff", "check", "."), "ruff check --fix . mends most of it"),
    Check("types", ("mypy",)),
    Check("layers", ("lint-imports", "--no-cache", "--no-logo")),
    Check("templates", ("djlint", "--lint", "--quiet", "templates")),
    Check("system", (*MANAGE, "check", "--fail-level", "WARNING")),
    Check("migrations", (*MANAGE, "makemigrations", "--check", "--dry-run"), "./dev manage makemigrations makes them"),
)
# Commands that write a page or a file from the code, each with --check: fails if what is committed is stale.
GENERATED: tuple[str, ...] = ("phases", "retention_page", "recipients_page")


def all_checks() -> tuple[Check, ...]:
    """The checks above and one for each generated page."""
    fresh = tuple(
        Check(f"{name} is fresh", (*MANAGE, name, "--check"), f"./dev manage {name} writes it") for name in GENERATED
    )
    return CHECKS + fresh


def check() -> int:
    """Run all checks, two at a time, show the words of those that fail; 1 if any does."""
    with served("test", durable=False, folder=var() / "test" / "check") as env, ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(lambda each: run_check(each, env), all_checks()))
    say(f"{sum(passed)} of {len(passed)} checks passed")
    return 0 if all(passed) else 1


def run_check(each: Check, env: Mapping[str, str]) -> bool:
    """Run one check and say how it went."""
    started = time.monotonic()
    done = subprocess.run(
        each.command,
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    say(f"{'ok    ' if passed else 'FAILED'} {each.name:12} {time.monotonic() - started:5.1f} s")
    if not passed:
        say(f"{done.stdout.rstrip()}\n{each.remedy}".rstrip() + "\n")
    return passed
