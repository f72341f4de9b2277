"""Every act of every app that writes also journals (MD-44): read off the source, so that a new one can't be forgotten.

An act is a public function of an ``actions`` module, or one that takes ``by`` and ``now`` by keyword, as all writes of the
house do. If it writes a row, itself or through what it calls, it has to reach one of the journals' writers the same way.
Calls are followed through imports, re-exports and the methods of the same app.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
APPS: Final = (
    "accounts",
    "adapters",
    "care",
    "consents",
    "directory",
    "gdpr_requests",
    "lifecycle",
    "records",
    "subprocessors",
)
WRITES: Final = frozenset({"save", "create", "bulk_create", "get_or_create", "update_or_create", "delete"})
JOURNALS: Final = frozenset({"record_event", "record_events", "record_security", "record_access", "record_accesses"})
"""The writers of the journals (audit/actions.py)."""
ELSEWHERE: Final = {
    "accounts.actions:warn_of_guesses": "the wrong codes it warns of have their lines in the security journal",
    "accounts.actions:set_password": "accounts/journal.py hears allauth's signals, which every way to it sends",
    "consents.marketing.audience:when_turned": "a step of the decision, which journals",
    "gdpr_requests.directives.ending:sweep": "rows without content at their term; the run stands in lifecycle.SweepRun",
    "lifecycle.changes.telling:sweep": "a message has its line when it left: lifecycle.notifying.told",
    "lifecycle.notifying:send": "as above",
    "lifecycle.notifying:send_all": "as above",
    "lifecycle.notifying:sweep": "as above",
    "lifecycle.erasure.certificate:send": "the certificate's own row says when it was sent",
    "lifecycle.expiring.audience:sweep": "counts about nobody; the run stands in lifecycle.SweepRun",
    "lifecycle.expiring.boxes:sweep": "messages at their term; the run stands in lifecycle.SweepRun",
    "lifecycle.expiring.money:sweep": "payments at their term; the run stands in lifecycle.SweepRun",
    "lifecycle.expiring.office:sweep": "lines of a log at their term; the run stands in lifecycle.SweepRun",
    "lifecycle.expiring.usage:sweep": "counts of visits at their term; the run stands in lifecycle.SweepRun",
    "lifecycle.holds.actions:recompute_clock": "a step of acts that journal",
    "lifecycle.rights.replay:complete_journal": "a step of replay",
    "lifecycle.rights.replay:end_sessions": "a step of replay",
    "lifecycle.rights.replay:replay": "stands in lifecycle.RightsReplay, with its counts",
    "records.assist.actions:remove_copies": "a step of acts that journal; the copy's end is journaled when the service said it",
    "records.assist.actions:remove_copy": "as above",
    "records.actions.consultations:move_clock": "a step of acts that journal",
    "gdpr_requests.desk.identity:read_document": "reads: the vault journals the opening, the door what is asked of the storage",
    "records.actions.documents:remove_orphans": "objects in the storage that no row names",
    **dict.fromkeys(
        (f"records.actions.documents:{name}" for name in ("orphans", "stored_before", "stored_names")),
        "lists the storage, whose calls stand in the egress journal",
    ),
    "records.portal.content:save_answers": "a draft of the writer's own; the access journal says that the file was opened to change it",
    **dict.fromkeys(
        (f"subprocessors.calendars.actions:{name}" for name in ("bring", "bring_all", "look", "prepare", "renew")),
        "wakes a worker; what it sends stands in the egress journal",
    ),
    **dict.fromkeys(
        (f"subprocessors.calendars.actions:{name}" for name in ("show_busy", "show_free")),
        "a copy of the hours of an appointment, whose own act journals",
    ),
    "subprocessors.rooms.actions:end_recording": "what nobody asks for any more: the withdrawal, or the end, is journaled",
}
"""Acts that write no line of their own, and why not."""


@dataclass
class Module:
    """What a module defines and what its names stand for."""

    functions: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    acts: set[str] = field(default_factory=set)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


def read(modules: Iterable[tuple[str, str]]) -> dict[str, Module]:
    """Modules by dotted name: their functions with what each calls, and where imported names come from."""
    found: dict[str, Module] = {}
    for dotted, source in modules:
        module = found[dotted] = Module()
        for node in ast.walk(tree := ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module.names |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        for node in tree.body:
            inner = node.body if isinstance(node, ast.ClassDef) else [node]
            for one in inner:
                if isinstance(one, ast.FunctionDef):
                    name = f"{node.name}.{one.name}" if isinstance(node, ast.ClassDef) else one.name
                    module.functions[name] = called(one)
                    if (
                        not one.name.startswith("_")
                        and ("actions" in dotted.split(".") or _signed(one))
                        and "." not in name
                    ):
                        module.acts.add(name)
    return found


def _signed(function: ast.FunctionDef) -> bool:
    """Whether it says who acts and when, by keyword."""
    return {"by", "now"} <= {argument.arg for argument in function.args.kwonlyargs}


def called(function: ast.FunctionDef) -> set[tuple[str, ...]]:
    """What a function names: ("f",) for a name, ("x", "f") for what hangs on a name, ("", "f") on anything else."""
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            found.add((node.value.id if isinstance(node.value, ast.Name) else "", node.attr))
        elif isinstance(node, ast.Name):
            found.add((node.id,))
    return found


def silent(modules: Iterable[tuple[str, str]]) -> set[str]:
    """The public acts that write and don't journal."""
    found = read(modules)
    calls = {
        f"{dotted}:{name}": _targets(found, dotted, name)
        for dotted, module in found.items()
        for name in module.functions
    }
    writing, telling = _reaching(calls, WRITES), _reaching(calls, JOURNALS)
    return {place for place in acts(found) if place in writing and place not in telling}


def acts(found: dict[str, Module]) -> set[str]:
    """The acts of all modules, as places."""
    return {f"{dotted}:{name}" for dotted, module in found.items() for name in module.acts}


def _targets(found: dict[str, Module], dotted: str, name: str) -> set[str]:
    """The functions that one function calls, and the bare names at the end of what it calls."""
    methods: dict[str, set[str]] = defaultdict(set)
    for other, module in found.items():
        if other.split(".")[0] == dotted.split(".")[0]:
            for known in module.functions:
                if "." in known:
                    methods[known.split(".")[1]].add(f"{other}:{known}")
    targets: set[str] = set()
    for said in found[dotted].functions[name]:
        targets.add(said[-1])
        if len(said) == 1:
            targets |= _resolve(found, dotted, said[0])
        elif said[0] in found[dotted].names:
            package, member = found[dotted].names[said[0]]
            targets |= _resolve(found, f"{package}.{member}", said[1])
        elif said[1] not in WRITES:
            targets |= methods[said[1]]
    return targets


def _resolve(found: dict[str, Module], dotted: str, name: str) -> set[str]:
    """Where a name of a module is defined, through re-exports."""
    module = found.get(dotted)
    if module is None:
        return set()
    if name in module.functions:
        return {f"{dotted}:{name}"}
    return _resolve(found, *module.names[name]) if name in module.names else set()


def _reaching(calls: dict[str, set[str]], goals: frozenset[str]) -> set[str]:
    reached = {place for place, targets in calls.items() if targets & goals}
    while fresh := {place for place, targets in calls.items() if place not in reached and targets & reached}:
        reached |= fresh
    return reached


def house() -> list[tuple[str, str]]:
    """Every module of the apps, by dotted name."""
    found = []
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                found.append((dotted, path.read_text()))
    return found


def test_every_act_that_writes_journals() -> None:
    modules = house()
    assert (silent(modules), len(acts(read(modules))) > 200) == (set(ELSEWHERE), True)


def test_an_act_without_its_line_is_found() -> None:
    """A test that can fail: the same act with and without its line, and one that writes through a helper."""
    told = "from audit.actions import record_event\ndef make(row):\n    _keep(row)\ndef _keep(row):\n    row.save()\n    record_event()\n"
    mute = "def make(row):\n    _keep(row)\ndef _keep(row):\n    row.save()\n"
    through = "from care.actions import make\ndef both(row):\n    make(row)\n"
    assert silent([("care.actions", told), ("records.actions.x", through)]) == set()
    assert silent([("care.actions", mute), ("records.actions.x", through)]) == {
        "care.actions:make",
        "records.actions.x:both",
    }
