"""docs/declarations.md names every error of the system check, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_error_of_the_check_is_explained() -> None:
    raised = set(re.findall(r'"(E\d{3})"', (ROOT / "privacy/checks.py").read_text()))
    rows = [line for line in (ROOT / "docs/declarations.md").read_text().splitlines() if line.startswith("| E")]
    explained = {code for row in rows for code in re.findall(r"E\d{3}", row.split("|")[1])}
    assert explained == raised
