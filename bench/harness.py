"""Measures variants of one piece of work interleaved, round by round, and tells their ratio to a reference.

Absolute rates of a shared machine say little; two rates taken a moment apart say a lot. So each round runs every variant once,
in another order each time, and the ratio is taken inside the round.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

Work = Callable[[], int]
"""Does the work once and returns how many units it did."""


@dataclass(frozen=True)
class Row:
    """What was measured of one variant. ``ratio`` is to the reference: 1 is as fast, 2 twice as fast."""

    variant: str
    rate: float
    ratio: float
    ratio_low: float
    ratio_high: float
    at_least: float | None = None

    @property
    def verdict(self) -> str:
        """How the ratio stands to its aim; empty without one."""
        if self.at_least is None:
            return ""
        return f"{'reached' if self.ratio >= self.at_least else 'missed'} (aim ≥ {self.at_least:g})"


@dataclass(frozen=True)
class Table:
    """One comparison: the work, its unit, one row per variant, the reference first."""

    title: str
    unit: str
    rounds: int
    rows: tuple[Row, ...]

    def markdown(self) -> str:
        """The table as the README and the ADRs show it."""
        head = f"### {self.title} ({self.unit}/s; reference: {self.rows[0].variant}; {self.rounds} rounds)\n\n"
        lines = ["| variant | median rate | ratio (range) | aim |", "|---|---:|---:|---|"]
        for row in self.rows:
            spread = f"{row.ratio:.3f} ({row.ratio_low:.3f}–{row.ratio_high:.3f})"
            lines.append(f"| {row.variant} | {row.rate:,.1f} | {spread} | {row.verdict} |")
        return head + "\n".join(lines)


@dataclass
class Run:
    """What a benchmark gets: measures comparisons and notes single figures."""

    name: str
    quick: bool = False
    tables: list[Table] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def compare(
        self,
        title: str,
        unit: str,
        variants: Mapping[str, Work],
        *,
        aims: Mapping[str, float] | None = None,
        rounds: int = 7,
    ) -> Table:
        """Measure the variants, the first as the reference. One round before the first is not counted.

        ``aims`` holds the least ratio wanted of a variant. With --quick there are two rounds.
        """
        rounds = 2 if self.quick else rounds
        for work in variants.values():
            rate_of(work)
        rates = [one_round(variants) for _ in range(rounds)]
        reference = next(iter(variants))
        rows = (summary(name, rates, reference, (aims or {}).get(name)) for name in variants)
        table = Table(title, unit, rounds, tuple(rows))
        self.tables.append(table)
        return table

    def figure(self, name: str, value: float) -> None:
        """Note one figure that is no rate, such as a number of queries or MiB."""
        self.figures[name] = value

    def as_json(self) -> dict[str, object]:
        """Everything measured, for a machine."""
        return {
            "name": self.name,
            "quick": self.quick,
            "tables": [asdict(table) for table in self.tables],
            "figures": self.figures,
        }


def one_round(variants: Mapping[str, Work]) -> dict[str, float]:
    """The rate of each variant, run once each in random order."""
    names = list(variants)
    random.shuffle(names)
    return {name: rate_of(variants[name]) for name in names}


def rate_of(work: Work) -> float:
    """Units per second of one call. Raises ValueError if it did none: an empty benchmark is always fast."""
    started = time.perf_counter()
    units = work()
    seconds = time.perf_counter() - started
    if units <= 0:
        raise ValueError("the work did nothing: a benchmark must return how many units it did")
    return units / seconds


def summary(name: str, rates: Sequence[Mapping[str, float]], reference: str, at_least: float | None) -> Row:
    """Median rate, and median and range of the ratio inside each round."""
    ratios = [rate[name] / rate[reference] for rate in rates]
    median_rate = statistics.median(rate[name] for rate in rates)
    return Row(name, median_rate, statistics.median(ratios), min(ratios), max(ratios), at_least)


# A process starts with its parent's peak on its account, so a small one stands in between and reports.
WITNESS = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


def peak_memory(command: Sequence[str]) -> float:
    """Run a command to its end; the most memory it held at once, in MiB. Raises CalledProcessError if it fails."""
    witness = [sys.executable, "-S", "-c", WITNESS, *command]
    done = subprocess.run(witness, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout) / 1024


Bench = Callable[[Run], None]
FOUND: dict[str, Bench] = {}


def bench(function: Bench) -> Bench:
    """Register a benchmark under the name of its function."""
    name = getattr(function, "__name__", repr(function))
    if name in FOUND:
        raise ValueError(f"two benchmarks are called {name}")
    FOUND[name] = function
    return function
