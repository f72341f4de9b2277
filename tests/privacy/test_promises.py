"""``manage.py promises``: the list, the checks, the exit codes."""

import json
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from privacy import promises
from privacy.promise_rows import ROWS
from privacy.promises import CHECKS, Measure, RegisteredCheck, discover, measure, promise

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture(autouse=True)
def _only_the_tests_own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    discover()
    monkeypatch.setattr(promises, "CHECKS", {})


def checks(promise_id: str, *measures: Measure) -> None:
    for found in measures:
        check = RegisteredCheck(lambda _now, found=found: found, "tests/privacy/test_promises.py")
        promises.CHECKS.setdefault(promise_id, []).append(check)


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("promises", *arguments, stdout=out)
    except SystemExit as left:
        return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


def test_there_is_a_row_for_each_of_the_124_promises() -> None:
    assert len(ROWS) == 124
    assert {row.id for row in ROWS.values() if not row.title or not row.section} == set()


def test_rows_are_those_of_the_shared_list_where_it_is_at_hand() -> None:
    shared = ROOT.parent / "shared" / "promises.md"
    if not shared.exists():
        pytest.skip("the shared list isn't on this machine")
    lines = shared.read_text().splitlines()
    ids = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert [found for found in ids if found != "id"] == list(ROWS)


def test_promise_without_a_check_is_not_built_and_breaks_nothing() -> None:
    code, out = run("--json", "--only", "PC-120")
    assert code == 0
    assert json.loads(out) == [
        {
            "id": "PC-120",
            "kept": None,
            "evidence": {},
            "checked_by": [],
            "title": "Appointments can be offered, booked and moved",
            "section": "Care",
        }
    ]


def test_promise_is_kept_when_all_its_checks_hold() -> None:
    checks("PC-11", Measure(True, {"events": 12}), Measure(True, {"texts": 3}))
    code, out = run("--json", "--only", "PC-11")
    (row,) = json.loads(out)
    assert (code, row["kept"], row["evidence"]) == (0, True, {"events": 12, "texts": 3})
    assert row["checked_by"] == ["tests/privacy/test_promises.py"]


def test_one_check_that_fails_breaks_the_promise_and_the_exit_code() -> None:
    checks("PC-11", Measure(True, {}), Measure(False, {"missing": 1}))
    code, out = run("--json", "--only", "PC-11", "PC-12")
    assert (code, [row["kept"] for row in json.loads(out)]) == (1, [False, None])


def test_check_that_raises_is_a_broken_promise_with_its_error() -> None:
    def broken(now: datetime) -> Measure:
        raise LookupError("secret detail")

    promises.CHECKS["PC-11"] = [RegisteredCheck(broken, "tests/privacy/test_promises.py")]
    code, out = run("--json", "--only", "PC-11")
    (row,) = json.loads(out)
    assert (code, row["kept"], row["evidence"]) == (1, False, {"broken": "raised LookupError"})


def test_check_sees_the_clock_of_the_command(settings) -> None:
    settings.TIME_TRAVEL = True
    seen: list[datetime] = []

    def look(now: datetime) -> Measure:
        seen.append(now)
        return Measure(True, {})

    promises.CHECKS["PC-11"] = [RegisteredCheck(look, "tests/privacy/test_promises.py")]
    run("--only", "PC-11", "--now", "2046-03-01T12:00:00+00:00")
    assert [moment.isoformat() for moment in seen] == ["2046-03-01T12:00:00+00:00"]


def test_page_for_people_shows_state_figures_and_a_count() -> None:
    checks("PC-11", Measure(False, {"events": 12, "missing": [], "changed": ["a", "b"]}))
    code, out = run("--only", "PC-11", "PC-12")
    assert code == 1
    assert out.splitlines() == [
        "Consents",
        f"  PC-11   BROKEN     {ROWS['PC-11'].title}",
        "                     events: 12; missing: none; changed: a, b",
        "                     checked by tests/privacy/test_promises.py",
        f"  PC-12   not built  {ROWS['PC-12'].title}",
        "0 kept, 1 BROKEN, 1 not built",
    ]


def test_unknown_id_is_wrong_use() -> None:
    with pytest.raises(CommandError, match=r"^no such promise: PC-999, X; ids look like") as refused:
        call_command("promises", "--only", "PC-11", "PC-999", "X")
    assert refused.value.returncode == 2


def test_check_of_an_unknown_promise_can_not_be_registered() -> None:
    with pytest.raises(ValueError, match="PC-999 is no promise"):
        promise("PC-999", checked_by="tests/privacy/test_promises.py")


def test_each_check_names_a_test_file_that_exists() -> None:
    named = {check.checked_by for checks in CHECKS.values() for check in checks}
    assert "tests/privacy/test_evidence.py" in named
    assert {path for path in named if not (ROOT / path).is_file()} == set()


def test_measuring_all_gives_each_promise_once() -> None:
    assert [result.row.id for result in measure(datetime.now().astimezone())] == list(ROWS)
