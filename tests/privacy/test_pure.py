"""The law can be read without a framework: the pure modules import nothing of Django."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PURE = (
    "clocks",
    "consent_keys",
    "deadlines",
    "payers",
    "promise_rows",
    "purposes",
    "recipients",
    "retention",
    "retention_rules",
    "schedule",
    "subprocessor_rows",
    "subprocessors",
    "wording",
)


def test_pure_modules_work_where_django_does_not_exist() -> None:
    program = "import sys; sys.modules['django'] = None\n" + "".join(f"import privacy.{name}\n" for name in PURE)
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
