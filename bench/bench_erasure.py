"""Erasing a practice of 2,000 patients and 20,000 consultations: plan, execution, verification, and what it weighs."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path

from bench.bench_retention import destroy_raw, timed
from bench.harness import Run, bench, peak_memory
from bench.retention_rows import analyze, fill, make_place

PAST = date(2024, 1, 1)
BY_HAND = date(2085, 1, 1)
EACH = 10


@bench
def erasure(run: Run) -> None:
    """Patients past their term, with ten consultations each, against a set-based DELETE of the same rows."""
    sizes = (50, 200) if run.quick else (200, 2_000)
    for size in sizes:
        email = f"bench.erasure.{size}@bench.example"
        place = make_place(email)
        fill(place, email, size, until=PAST, each=EACH)
        fill(make_place(f"bench.by-hand.{size}@bench.example"), f"by hand {size}", size, until=BY_HAND, each=EACH)
        analyze()
        by_hand = timed(lambda: destroy_raw(BY_HAND), size)
        weigh(run, email, size, by_hand)


def weigh(run: Run, email: str, size: int, by_hand: float) -> None:
    """Erase the account in a process of its own. Raises ValueError if not all its files went, or it isn't certified."""
    out = Path(os.environ["PRATICONNECT_VAR"]) / "erasure.json"
    memory = peak_memory([sys.executable, "-m", "bench.erasure_once", email, str(out)])
    found = json.loads(out.read_text())
    if (found["files"], found["certified"]) != (size, True):
        raise ValueError(f"the erasure of {size} patients came out as {found}")
    name = f"{size:,} patients, {size * EACH:,} consultations"
    run.figure(f"plan, ms ({name})", found["plan"] * 1000)
    scanned, printed = found["steps"]["verified"], found["steps"]["certified"]
    worked = found["plan"] + found["execute"] - scanned - printed
    run.figure(f"decision and execution, seconds ({name})", worked - found["plan"])
    run.figure(f"residue scan of every store, seconds ({name})", scanned)
    run.figure(f"certificate with its proofs and its PDF, seconds ({name})", printed)
    run.figure(f"patients a second by raw SQL ({name})", by_hand)
    run.figure(f"plan and execution, percent of raw SQL's rate (aim ≥ 30) ({name})", 100 * size / worked / by_hand)
    run.figure(f"peak memory, MiB ({name})", memory)
