"""Measures of shape (design: functions at most 60 lines, files at most 400) and habits a reader can rely on."""

import ast
import re

import pytest

from tests.order import LONGEST
from tests.test_house import LAYERS, OURS

HERE_A_FUNCTION_MAY_READ_THE_CLOCK = {
    "praticonnect/middleware.py": "once for each request",
    "praticonnect/gallery.py": "a page of samples",
    "praticonnect/templatetags/ui_words.py": "a page without a request of ours, such as an error page",
    "privacy/commandline.py": "once for each command",
    "accounts/models.py": "createsuperuser, a command of Django's",
    "accounts/factors.py": "an authenticator's code belongs to the second it is shown in",
    "care/apps.py": "after migrate, a command of Django's",
    "consents/apps.py": "after migrate, a command of Django's",
    "lifecycle/apps.py": "after migrate, a command of Django's",
    "accounts/patients/forms.py": "a form of allauth's, which knows no moment",
    "consents/signup.py": "a form of allauth's, which knows no moment",
}
ENTRY_POINTS = re.compile(r".*/tasks\.py|.*/management/commands/.*|(?:launcher|bench|tests|tools|fakes)/.*")
CLOCK = re.compile(r"\b(?:timezone\.now|datetime\.now|datetime\.utcnow|date\.today|localdate|time\.time)\((?:UTC)?\)")


def production_modules() -> list[str]:
    """Our own modules, without tests and without migrations, which nobody edits."""
    return [
        name for name in OURS if name.endswith(".py") and not name.startswith("tests/") and "/migrations/" not in name
    ]


def test_files_are_at_most_400_lines() -> None:
    assert {name: OURS[name].count("\n") for name in production_modules() if OURS[name].count("\n") > 400} == {}


def functions(name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(OURS[name])
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_functions_are_at_most_60_lines() -> None:
    long = [
        f"{name}:{node.name}"
        for name in production_modules()
        for node in functions(name)
        if (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long == []


def names(arguments: list[ast.arg]) -> set[str]:
    return {each.arg for each in arguments}


@pytest.mark.parametrize("layer", LAYERS)
def test_writes_take_author_and_moment_by_name(layer: str) -> None:
    """``by=`` and ``now=`` can't be mixed up, or passed by accident."""
    found = [
        node.name
        for name in production_modules()
        if re.fullmatch(rf"{layer}/actions(?:\.py|/.*)", name)
        for node in functions(name)
        if not node.name.startswith("_") and "now" in names(node.args.args + node.args.kwonlyargs)
        if {"by", "now"} & names(node.args.args)
    ]
    assert found == []


def test_only_entry_points_read_the_clock() -> None:
    found = {name for name in production_modules() if CLOCK.search(OURS[name]) and not ENTRY_POINTS.fullmatch(name)}
    assert found == set(HERE_A_FUNCTION_MAY_READ_THE_CLOCK)


def test_files_that_go_first_are_there() -> None:
    assert {f"tests/{name}" for name in LONGEST} - set(OURS) == set()
