"""What all commands share: exit codes, one clear line, JSON, and the clock of one call."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from privacy.commandline import moment
from privacy.retention import RULES

ROOT = Path(__file__).parents[2]


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "PRATICONNECT_TIME_TRAVEL": "", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db
def test_schedule_prints_every_rule_as_json() -> None:
    out = StringIO()
    call_command("retention", "schedule", "--json", stdout=out)
    rows = {row["id"]: row for row in json.loads(out.getvalue())}
    assert list(rows) == list(RULES)
    health = rows["PC-41"]
    assert {key: health[key] for key in ("anchor", "length", "active", "archive", "then")} == {
        "anchor": "the last consultation",
        "length": "20 years",
        "active": "5 years",
        "archive": "15 years",
        "then": "destroy key, delete",
    }
    assert [rows[rule]["length"] for rule in ("PC-48", "PC-50", "PC-47")] == ["90 days", None, None]
    assert [rows[rule]["lasts"] for rule in ("PC-41", "PC-48", "PC-50")] == [
        "20 years (5 years active)",
        "90 days",
        "at once, except what a law keeps",
    ]
    assert {row["id"] for row in rows.values() if not row["lasts"]} == set()


@pytest.mark.django_db
def test_json_may_stand_before_or_after_the_verb() -> None:
    before, after = StringIO(), StringIO()
    call_command("retention", "--json", "schedule", stdout=before)
    call_command("retention", "schedule", "--json", stdout=after)
    assert before.getvalue() == after.getvalue()


@pytest.mark.django_db
def test_schedule_prints_a_table_for_people() -> None:
    out = StringIO()
    call_command("retention", "schedule", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["id", "category", "counts", "from", "lasts", "then", "article", "fields"]
    assert [line.split()[0] for line in lines[1:-1]] == list(RULES)
    assert lines[-1] == "Version 1 of the schedule is in force"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["retention"],
            "manage.py retention: the following arguments are required: schedule|simulate; --help lists the options",
        ),
        (
            ["retention", "schedule", "--soon"],
            "manage.py retention: unrecognized arguments: --soon; --help lists the options",
        ),
        (
            ["retention", "schedule", "--now", "2030-01-01"],
            "--now is refused: set PRATICONNECT_TIME_TRAVEL=1 to move the clock (not in production)",
        ),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments: list[str], line: str) -> None:
    ran = manage(*arguments)
    assert (ran.returncode, ran.stderr, ran.stdout) == (2, line + "\n", "")


def test_moment_that_is_none_is_one_line_and_exit_code_2() -> None:
    ran = manage("retention", "schedule", "--now", "tomorrow", PRATICONNECT_TIME_TRAVEL="1")
    line = "'tomorrow' is no ISO date or time; write it like 2046-03-02 or 2046-03-02T00:00:00Z"
    assert (ran.returncode, ran.stderr) == (2, line + "\n")


def test_called_from_code_a_refusal_is_an_error_and_no_exit() -> None:
    with pytest.raises(CommandError, match="unrecognized arguments") as refused:
        call_command("retention", "schedule", "--soon")
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2046-03-02", datetime(2046, 3, 1, 23, tzinfo=UTC)),
        ("2046-07-02T10:00", datetime(2046, 7, 2, 8, tzinfo=UTC)),
        ("2046-03-02T00:00:00Z", datetime(2046, 3, 2, tzinfo=UTC)),
        ("2046-03-02T00:00:00+02:00", datetime(2046, 3, 1, 22, tzinfo=UTC)),
    ],
)
def test_moment_without_a_zone_is_read_in_paris(settings, text: str, expected: datetime) -> None:
    settings.TIME_TRAVEL = True
    assert moment(text) == expected


def test_clock_of_a_command_is_the_present_unless_it_is_moved() -> None:
    before = datetime.now(UTC)
    assert before <= moment(None) <= datetime.now(UTC)
