"""The harness: ratios are taken inside a round, aims are told, an empty benchmark is an error."""

import subprocess
import sys

import pytest

from bench import database, harness
from bench.harness import Row, Run, Table


def test_summary_takes_the_ratio_inside_each_round() -> None:
    rates = [{"raw": 100.0, "ours": 50.0}, {"raw": 10.0, "ours": 4.0}, {"raw": 1000.0, "ours": 600.0}]
    row = harness.summary("ours", rates, "raw", 0.25)
    assert row == Row("ours", 50.0, 0.5, 0.4, 0.6, 0.25)
    assert row.verdict == "reached (aim ≥ 0.25)"


def test_missed_aim_is_told() -> None:
    assert Row("ours", 1, 0.2, 0.1, 0.3, 0.25).verdict == "missed (aim ≥ 0.25)"
    assert Row("ours", 1, 0.2, 0.1, 0.3).verdict == ""


def test_compare_runs_each_variant_once_a_round_and_once_before() -> None:
    calls: list[str] = []

    def work(name: str) -> harness.Work:
        def once() -> int:
            calls.append(name)
            return 1

        return once

    run = Run("demo")
    table = run.compare("Demo", "calls", {"a": work("a"), "b": work("b")}, rounds=5)
    assert [row.variant for row in table.rows] == ["a", "b"]
    assert (calls.count("a"), calls.count("b")) == (6, 6)
    assert table.rows[0].ratio == 1
    assert run.tables == [table]


def test_quick_run_has_two_rounds() -> None:
    assert Run("demo", quick=True).compare("Demo", "calls", {"a": lambda: 1}, rounds=9).rounds == 2


def test_work_that_does_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="the work did nothing"):
        harness.rate_of(lambda: 0)


def test_table_prints_as_markdown() -> None:
    table = Table("Ledger", "events", 7, (Row("raw", 2000, 1, 1, 1), Row("event", 700, 0.35, 0.3, 0.4, 0.25)))
    assert table.markdown() == (
        "### Ledger (events/s; reference: raw; 7 rounds)\n\n"
        "| variant | median rate | ratio (range) | aim |\n"
        "|---|---:|---:|---|\n"
        "| raw | 2,000.0 | 1.000 (1.000–1.000) |  |\n"
        "| event | 700.0 | 0.350 (0.300–0.400) | reached (aim ≥ 0.25) |"
    )


def test_peak_memory_sees_what_a_command_holds() -> None:
    small = harness.peak_memory([sys.executable, "-c", "pass"])
    large = harness.peak_memory([sys.executable, "-c", "x = bytearray(80 * 1024 * 1024)"])
    assert 70 < large - small < 100


def test_peak_memory_of_a_failed_command_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        harness.peak_memory([sys.executable, "-c", "raise SystemExit(3)"])


def test_only_a_benchmark_database_is_ever_dropped() -> None:
    with pytest.raises(ValueError, match=r"^praticonnect is no database of the benchmarks"):
        database.recreate("postgres://owner:pw@/praticonnect?host=/nowhere")


def test_two_benchmarks_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "FOUND", {})

    def ledger(run: Run) -> None:
        run.figure("events", 1)

    harness.bench(ledger)
    with pytest.raises(ValueError, match="two benchmarks are called ledger"):
        harness.bench(ledger)
