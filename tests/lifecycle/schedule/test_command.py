"""``manage.py retention schedule``: proposing and approving from a file, one clear line for what is wrong (NEW-05)."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lifecycle.models import ScheduleVersion
from privacy.schedule import in_force
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.schedule.helpers import medical, text_of
from tests.records.factories import make_file

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def schedule(*arguments: str) -> Any:
    out = StringIO()
    call_command("retention", "schedule", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def longer(tmp_path: Path) -> str:
    path = tmp_path / "longer.json"
    path.write_text(text_of(PC_41=medical(25)))
    return str(path)


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        schedule(*arguments)
    assert (caught.value.returncode, "\n" in str(caught.value)) == (2, False)
    return str(caught.value)


def test_proposal_and_approval_tell_before_and_after(longer: str) -> None:
    make_file(make_practitioner(now=LONG_AGO))
    said = schedule("--propose", longer)
    assert (said["version"], said["state"], said["shortens"], said["files"]) == (
        2, "proposed", False, {"later": 1, "earlier": 0, "same": 0},
    )  # fmt: skip
    assert said["changes"] == [{"rule": "PC-41", "part": "length", "before": "20 years", "after": "25 years"}]
    assert [(line["month"], line["before"], line["after"]) for line in said["months"]] == [
        ("2046-11", 1, 0), ("2051-11", 0, 1),
    ]  # fmt: skip
    assert in_force().number == 1
    done = schedule("--approve", "2")
    assert (done["state"], done["files"], in_force().number) == ("in force", said["files"], 2)


def test_table_shows_the_lengths_in_force_and_what_is_proposed(longer: str) -> None:
    schedule("--propose", longer)
    assert {line["id"]: line["length"] for line in schedule()}["PC-41"] == "20 years"
    out = StringIO()
    call_command("retention", "schedule", stdout=out)
    assert "Version 2 is proposed: PC-41 length 20 years 25 years" in out.getvalue()
    schedule("--approve", "2")
    assert {line["id"]: line["length"] for line in schedule()}["PC-41"] == "25 years"


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, longer: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(text_of(PC_41={"length": {"years": 20}, "active": {"years": 5}, "archive": {"years": 15}}))
    assert refusal("--propose", str(bad)).endswith("PC-41, anchor: missing; this rule counts from last_consultation")
    assert refusal("--propose", str(tmp_path / "none.json")).endswith("can't be read: No such file or directory")
    assert "no such version" in refusal("--approve", "7")
    schedule("--propose", longer)
    schedule("--approve", "2")
    assert "approved already" in refusal("--approve", "2")
    assert "in force already" in refusal("--propose", longer)
    assert ScheduleVersion.objects.count() == 2
