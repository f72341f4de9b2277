"""Guards of the house: what no review should have to look for."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from privacy.promise_rows import ROWS

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
LAYERS = CONTRACTS["Imports go down, never up or round"]["layers"]
PROMISE = re.compile(r"\b(?:PC|MD|NEW|LAW)-\d{2,3}b?\b")
NO_PROMISE = "PC-999"  # what tests say for an id that doesn't exist
# Written so that this file doesn't hold what it looks for.
REGISTRY_HOSTS = [
    f"{name}.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("deb.debian", "org"))
]
MACHINE_PATHS = [
    "/" + "/".join(parts)
    for parts in (("work", "shared"), ("work", "main"), ("tmp", "wt"), ("root", ""), ("opt", "pypi"))
]
# Made by tools, or somebody else's text kept as it is.
NOT_OURS = ("static/vendor/", "locale/", "sample/")


def committed(*patterns: str) -> list[Path]:
    """Files that git knows, or would take in; deleted ones left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file()]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts(*patterns: str) -> dict[str, str]:
    """Contents of the text files among them, by relative name."""
    found = {}
    for path in committed(*patterns):
        raw = path.read_bytes()
        if b"\0" not in raw[:4096]:
            found[relative(path)] = raw.decode("utf-8", errors="replace")
    return found


OURS = {name: text for name, text in texts().items() if not name.startswith(NOT_OURS)}


def pins(name: str) -> set[str]:
    """Names that a pinned list installs."""
    return set(
        re.findall(
            r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE
        )
    )


def asked(name: str) -> set[str]:
    """Names that an .in file asks for itself."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    return {re.split(r"[\[<>=~ ]", line)[0] for line in lines if line and not line.startswith(("#", "-r"))}


@pytest.mark.parametrize(
    "name", sorted(name for name in OURS if name.startswith(("requirements/", "Dockerfile", "apt")))
)
def test_requirements_name_no_address(name: str) -> None:
    assert "://" not in OURS[name]


@pytest.mark.parametrize("name", ["base", "dev", "embedded", "storage", "installer"])
def test_every_pin_has_a_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) == len(pins(name)) > 0
    assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_dev_installs_exactly_the_application_s_versions() -> None:
    base, dev = ((ROOT / f"requirements/{name}.txt").read_text() for name in ("base", "dev"))
    versions = [set(re.findall(r"^(\S+==\S+)", text, re.MULTILINE)) for text in (base, dev)]
    assert versions[0] - versions[1] == set()


def test_server_binaries_never_reach_production() -> None:
    assert (asked("embedded") | asked("storage")) & (pins("base") | pins("dev")) == set()


def dependency_lines() -> dict[str, dict[str, str]]:
    """Each dependency of pyproject.toml with what its comment says, by group."""
    groups: dict[str, dict[str, str]] = {}
    current = ""
    for line in (ROOT / "pyproject.toml").read_text().splitlines():
        if opened := re.fullmatch(r"(\w+) = \[", line):
            current = opened[1]
        elif entry := re.fullmatch(r'  "([a-z0-9-]+)",\s*(?:# (.*))?', line):
            groups.setdefault(current, {})[entry[1]] = entry[2] or ""
        elif line.startswith("["):
            current = ""
    return groups


@pytest.mark.parametrize(
    ("group", "file"),
    [("dependencies", "base"), *((name, name) for name in ("dev", "embedded", "storage", "installer"))],
)
def test_each_dependency_says_what_it_is_for(group: str, file: str) -> None:
    said = dependency_lines()[group]
    assert set(said) == asked(file)
    assert [name for name, why in said.items() if len(why) < 10] == []


def test_layers_are_documented_in_their_order() -> None:
    text = (ROOT / "docs/house.md").read_text()
    block = re.search(r"## The layers.*?```\n(.*?)```", text, re.DOTALL)
    assert block
    assert re.findall(r"^\w+(?: \| \w+)*(?=  )", block[1], re.MULTILINE) == LAYERS


def test_every_app_is_a_layer() -> None:
    apps = {relative(path).split("/")[0] for path in committed("*/apps.py")}
    assert apps - {app for layer in LAYERS for app in layer.split(" | ")} == set()


def test_pure_modules_are_under_contract() -> None:
    contract = CONTRACTS["The law is pure: it knows no framework"]
    assert contract["source_modules"] == [
        f"privacy.{name}"
        for name in (
            "clocks",
            "purposes",
            "retention",
            "schedule",
            "deadlines",
            "consent_keys",
            "subprocessors",
            "payers",
        )
    ]
    assert contract["forbidden_modules"] == ["django"]


@pytest.mark.parametrize("word", REGISTRY_HOSTS)
def test_no_file_names_a_registry(word: str) -> None:
    assert [name for name, text in OURS.items() if word in text] == []


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_no_file_holds_a_path_of_this_machine(path: str) -> None:
    assert [name for name, text in OURS.items() if path in text] == []


def test_views_never_reach_for_a_manager() -> None:
    views = [name for name in OURS if re.fullmatch(r"\w+/(?:views|\w*views/\w+)\.py", name)]
    assert [name for name in views if re.search(r"\.objects\b", OURS[name])] == []


def test_robust_work_after_a_commit_has_a_name() -> None:
    # Django logs the failure of a robust callback by its __qualname__, which a partial lacks: the log line itself would fail.
    nameless = re.compile(r"on_commit\(\s*partial\(")
    found = [
        relative(path) for path in committed("*.py") if nameless.search(path.read_text()) and "tests" not in path.parts
    ]
    assert found == []


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(
        r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE
    )
    pages = {name: text for name, text in OURS.items() if name.startswith("templates/") and name.endswith(".html")}
    bare = {name: re.sub(r"\{[{%#].*?[}%#]\}", "", text, flags=re.DOTALL) for name, text in pages.items()}
    found = [name for name, text in bare.items() if inline.search(text)]
    assert found == []


def test_promise_ids_exist_in_the_table() -> None:
    unknown = {
        (name, promise)
        for name, text in OURS.items()
        if name.endswith((".py", ".html", ".yml", ".conf"))
        for promise in PROMISE.findall(text)
        if promise not in ROWS and promise != NO_PROMISE
    }
    assert unknown == set()


def test_documents_link_to_files_that_exist() -> None:
    broken = [
        (name, target)
        for name, text in OURS.items()
        if name.endswith(".md")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
        if not ((ROOT / name).parent / target).exists()
    ]
    assert broken == []


def test_decisions_have_their_own_number_and_one_form() -> None:
    names = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    assert len({name[:4] for name in names}) == len(names)
    for name in names[1:]:
        text = (ROOT / "docs/adr" / name).read_text()
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["Situation", "Decision", "Consequences"], name


def test_unfinished_marks_are_nowhere() -> None:
    marks = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert [
        name
        for name, text in OURS.items()
        if name.endswith((".py", ".html", ".css", ".js", ".md")) and marks.search(text)
    ] == []
