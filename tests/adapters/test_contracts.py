"""Every operation of every adapter, by the table: what is asked, and every way a provider can fail (ecosystem 7.3; issue 5, done when 1).

A function that sends and isn't in the table fails here, and so does a stored schema that nobody fits.
"""

import ast
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from adapters import wire
from adapters.wire import Exchange, Received
from fakes.server import Fakes
from fakes.wire import Asked
from tests.adapters.contracts.operations import OPERATIONS
from tests.adapters.contracts.shape import Act, Operation, Step
from tests.adapters.contracts.stage import (
    EMAIL,
    ILL,
    NUMBER,
    SAID_BACK,
    WHO,
    Stage,
    as_it_was,
    last_line,
    lines,
    remembered,
)
from tests.adapters.contracts.troubles import Trouble, asks, expected, named, played, troubles_of, unhurried, unknown
from tests.test_house import OURS, ROOT

pytestmark = pytest.mark.django_db(databases="__all__")
SERVICES = sorted({one.subprocessor for one in OPERATIONS})
SCHEMAS = ROOT / "fakes" / "schemas"
HEADERS = {
    "host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "content-type", "authorization", "x-api-key",
    "idempotency-key",
}  # fmt: skip
"""All that a request may carry; no cookie, no name of a library."""


@pytest.fixture
def stage(fakes: Fakes, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Somebody who allows everything, and the stand-ins."""
    settings.VIDEO_RECORDING = True
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    return Stage(fakes)


def of(service: str) -> Iterator[Operation]:
    return (one for one in OPERATIONS if one.subprocessor == service)


# -- what is asked -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """An operation made ready, and done once: what was asked for it, what came back, and how things stood there before."""

    act: Act
    calls: list[Asked]
    answers: list[Received]
    held: Mapping[str, dict[str, Any]]


def done(stage: Stage, operation: Operation) -> Tried:
    """Make it ready and do it."""
    stage.fakes.reset()
    act, provider = operation.ready(stage), stage.fakes[operation.subprocessor]
    provider.calls.clear()
    held = remembered(stage.fakes, operation.subprocessor)
    as_it_was(stage.fakes, held)
    answers: list[Received] = []
    whole = wire.exchange

    def kept(asked: Exchange) -> Received:
        answers.append(whole(asked))
        return answers[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "exchange", kept)
        act()
    return Tried(act, list(provider.calls), answers, held)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_asks_as_the_table_has_it_and_as_the_schema_is_stored(stage: Stage, service: str) -> None:
    for operation in of(service):
        once = done(stage, operation)
        assert [(one.method, one.host) for one in once.calls] == [
            (step.method, step.host) for step in operation.steps
        ], operation
        assert [good.status for good in once.answers if good.status >= 400] == [409] * operation.since, operation
        for call, step in zip(once.calls, operation.steps, strict=True):
            assert re.fullmatch(step.path, call.path), (operation.function, call.path)
            fits(service, call, step)
            said = call.path + json.dumps(dict(call.query))
            assert [secret for secret in stage.secrets if secret in said] == []
            assert (set(call.headers) - HEADERS, call.headers["user-agent"]) == (set(), "PratiConnect")


def fits(service: str, call: Asked, step: Step) -> None:
    """The body is what the step says, and the stored schema is no empty word: less than it is refused, and more."""
    kind, _space, names = step.body.partition(" ")
    if kind == "form":
        assert (call.media_type, " ".join(sorted(call.form()))) == ("application/x-www-form-urlencoded", names)
    elif kind == "bytes":
        assert (call.media_type, len(call.body) > 0) == ("application/octet-stream", True)
    elif not kind:
        assert (call.media_type, call.body) == ("", b"")
    else:
        schema = Draft202012Validator(json.loads((SCHEMAS / service / f"{kind}.json").read_text()))
        said = call.json()
        assert [fault.message for fault in schema.iter_errors(said)] == []
        assert call.media_type == ("application/fhir+json" if service == "payer" else "application/json")
        needed = schema.schema.get("required", ())  # type: ignore[union-attr]
        assert [name for name in needed if schema.is_valid({k: v for k, v in said.items() if k != name})] == []
        assert not schema.is_valid({**said, "patient_name": WHO})


def test_every_stored_schema_is_one_of_an_operation() -> None:
    stored = {f"{path.parent.name}/{path.stem}" for path in SCHEMAS.glob("*/*.json")}
    named = {
        f"{one.subprocessor}/{step.body}"
        for one in OPERATIONS
        for step in one.steps
        if step.body and not step.body.startswith(("form ", "bytes"))
    }
    assert stored == named


# -- what goes wrong -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_every_trouble_of_every_operation_is_its_fault_written_down_and_says_nothing(
    stage: Stage, service: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The fault, the attempts under one key, the journal's lines; no secret and nobody's words in a log or a fault."""
    caplog.set_level(logging.DEBUG)
    found: dict[tuple[str, int, str], object] = {}
    wanted: dict[tuple[str, int, str], object] = {}
    for first, operation in enumerate(of(service)):
        once = done(stage, operation)
        for number, step in [*enumerate(operation.steps)][operation.since :]:
            more = {f"an unknown {place[-1]}": unknown(once.answers[number].body, place) for place in step.states}
            for name, trouble in (troubles_of(step, first=first == 0) | more).items():
                as_it_was(stage.fakes, once.held)
                where = (f"{operation.function}.{operation.ready.__name__}", number, name)
                wanted[where] = (
                    *expected(trouble, operation, step),
                    trouble.wait,
                    written(trouble, operation, step),
                    [],
                )
                found[where] = tried(stage, once.act, trouble, operation, number, caplog)
    assert {where: one for where, one in found.items() if one != wanted[where]} == {
        where: one for where, one in wanted.items() if one != found[where]
    }


def written(trouble: Trouble, operation: Operation, step: Step) -> list[object]:
    """The journal's lines of one step."""
    return [
        (operation.subprocessor, step.host, operation.ground, step.carries, attempt, trouble.outcome, trouble.status)
        for attempt in range(1, trouble.spent(operation, step) + 1)
    ]


def tried(
    stage: Stage, act: Act, trouble: Trouble, operation: Operation, number: int, caplog: pytest.LogCaptureFixture
) -> tuple[object, ...]:
    """What came of it, in the words of :func:`expected`, and what was said that mustn't be."""
    step, provider = operation.steps[number], stage.fakes[operation.subprocessor]
    caplog.clear()
    line, asked, fault = last_line(), len(provider.calls), None
    with played(trouble, provider, number, trouble.spent(operation, step)), unhurried():
        try:
            act()
        except Exception as error:  # noqa: BLE001 - which one is what is looked at
            fault = error
    written = [one for one in lines(line)[number:] if one[1:4] == (step.host, operation.ground, step.carries)]
    sent = [one for one in provider.calls[asked:] if one.method == step.method and re.fullmatch(step.path, one.path)]
    attempts = len(sent or written) if fault else trouble.spent(operation, step)
    kept = written[:attempts]
    told = "".join(traceback.format_exception(fault)) if fault else ""
    return (
        named(fault, trouble),
        len(kept),
        *(kept[-1][5:] if kept else ()),
        asks(fault),
        kept,
        [*spilt(stage, told + caplog.text), *unlike(sent[:attempts], step)],
    )


def spilt(stage: Stage, said: str) -> list[str]:
    """Secrets and words that stand in what was said."""
    said = said.lower()
    return [word for word in (WHO, EMAIL, NUMBER[1:], ILL, SAID_BACK, *stage.secrets) if word.lower() in said]


def unlike(sent: list[Asked], step: Step) -> list[str]:
    """Attempts that weren't the same request under the same key."""
    keys = {one.headers.get("idempotency-key", "") for one in sent}
    right = keys <= {step.key} if step.key != "*" else len(keys) <= 1 and "" not in keys
    return ([] if right else [f"keys: {keys}"]) + ([] if len({one.body for one in sent}) <= 1 else ["bodies differ"])


# -- nothing is left out -------------------------------------------------------------------------------------------------------


DOOR = "adapters.door.send"


def dotted(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")


def senders(texts: dict[str, str]) -> set[str]:
    """Every function of these modules from which the door's ``send`` is reached by name, a neighbour's function between or not."""
    uses: dict[str, set[str]] = {}
    for name, text in texts.items():
        body = ast.parse(text)
        imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(body)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in body.body:
            if isinstance(node, ast.FunctionDef):
                named = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                uses[f"{dotted(name)}.{node.name}"] = {imported.get(one, f"{dotted(name)}.{one}") for one in named}
    found: set[str] = set()
    while new := {one for one, used in uses.items() if used & (found | {DOOR})} - found:
        found |= new
    return {one for one in found if not one.startswith("adapters.door.") and not one.rpartition(".")[2].startswith("_")}


def test_every_function_that_sends_is_in_the_table() -> None:
    """Found in the code: whatever public function leads to the door's ``send``."""
    ours = {name: text for name, text in OURS.items() if name.startswith("adapters/") and name.endswith(".py")}
    assert senders(ours) == {f"adapters.{one.function}" for one in OPERATIONS}


def test_nobody_sends_but_an_adapter() -> None:
    """The door's ``send`` is imported by adapters alone, so that the table has everything."""
    asks_door = re.compile(
        r"^\s*from adapters\.door import [^\n]*\bsend\b|\bdoor\.send\(|from adapters import [^\n]*\bdoor\b", re.M
    )
    named = {
        name
        for name, text in OURS.items()
        if name.endswith(".py") and not name.startswith("tests/") and asks_door.search(text)
    }
    table = {f"adapters.{one.function}".rpartition(".")[0] for one in OPERATIONS}
    assert {dotted(name) for name in named} == table


def test_the_search_for_senders_sees_a_new_one() -> None:
    planted = {
        "adapters/hidden.py": "from adapters.door import send\ndef _ask(call): return send(call)\ndef tell(call): return _ask(call)\ndef look(): return 1\n",
        "adapters/beside.py": "from adapters.hidden import tell as said\ndef sing(): said(1)\n",
    }
    assert senders(planted) == {"adapters.hidden.tell", "adapters.beside.sing"}


def test_every_service_with_an_adapter_is_tried() -> None:
    """Storage and mail leave by doors of their own: their tests are test_storage and test_mail."""
    from praticonnect.adapter_settings import CREDENTIALS

    assert set(CREDENTIALS) - set(SERVICES) == {"aws", "scaleway"}


ACTS: dict[str, Callable[[Stage], Act]] = {f"{one.function} {one.ready.__name__}": one.ready for one in OPERATIONS}
"""Each is another act: a table with the same twice would hide one."""


def test_the_table_has_nothing_twice() -> None:
    assert len(ACTS) == len(OPERATIONS)
