"""docs/retention.md: its table is that of the rules, and a stale one is found."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from lifecycle.schedule.page import BEGIN, END, NoPlace, with_rules
from privacy.retention import RULES

TEXT = f"before\n{BEGIN}\nold\n{END}\nafter\n"


def test_committed_page_is_fresh() -> None:
    call_command("retention_page", "--check", stdout=StringIO())


def test_stale_page_fails_the_check_and_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs" / "retention.md"
    page.parent.mkdir()
    page.write_text(TEXT)
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    with pytest.raises(SystemExit) as caught:
        call_command("retention_page", "--check", stdout=StringIO())
    assert (caught.value.code, page.read_text()) == (1, TEXT)
    call_command("retention_page", stdout=StringIO())
    call_command("retention_page", "--check", stdout=StringIO())


def test_table_has_a_row_for_each_rule_between_its_marks() -> None:
    made = with_rules(TEXT)
    assert [line.split(" | ")[0][2:] for line in made.splitlines() if line.startswith("| ")][1:] == list(RULES)
    assert (made.startswith(f"before\n{BEGIN}\n"), made.endswith(f"{END}\nafter\n")) == (True, True)
    assert with_rules(made) == made


def test_page_without_marks_is_refused() -> None:
    with pytest.raises(NoPlace, match="where the table belongs"):
        with_rules("nothing")
