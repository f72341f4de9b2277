"""The frame of the stand-ins: strict about what it is asked, counts it, and fails when told to."""

import json
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest

from fakes import pages, schemas
from fakes.provider import Provider, Route, api, page
from fakes.server import Fakes, all_providers, serving
from fakes.wire import Asked, Reply, Wrong, in_json
from tests.fakes.calling import HOST, ask, here


class Example(Provider):
    key, title, hosts, home = "tested", "Tested", (HOST,), "list"

    def fresh(self) -> None:
        self.made: list[str] = []

    def authorise(self, asked: Asked, route: Route) -> None:
        if asked.headers.get("authorization") != f"Bearer {self.made_up('TESTED_KEY')}":
            raise Wrong("auth", 401, "no key")

    @api("POST", "/things", takes="application/json")
    def make(self, asked: Asked) -> Reply:
        self.made.append(asked.json()["name"])
        return in_json(201, {"id": len(self.made)}, X_Made="yes")

    @api("GET", "/things/{name}", query=("deep",))
    def one(self, asked: Asked) -> Reply:
        return in_json(200, {"name": asked.params["name"]})

    @api("GET", "/things/first")
    def first(self, asked: Asked) -> Reply:
        return in_json(200, {"first": True})

    @page("GET", "/list")
    def list(self, asked: Asked) -> Reply:
        return pages.page("Things", pages.table(["Name"], [[pages.verbatim(name)] for name in self.made]))


@pytest.fixture(scope="module")
def served() -> Iterator[Fakes]:
    with serving(Fakes([Example()])) as fakes:
        yield fakes


@pytest.fixture(autouse=True)
def _as_new(served: Fakes) -> None:
    served.reset()


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "status", "error"),
    [
        ("GET", "/nothing", None, {}, 404, "path"),
        ("PUT", "/things", {}, {}, 405, "method"),
        ("GET", "/things/a", None, {"Authorization": "Bearer other"}, 401, "auth"),
        ("GET", "/things/a?deep=1&wide=1", None, {}, 400, "query"),
        ("POST", "/things", {"name": "a"}, {"Content_Type": "text/plain"}, 415, "media"),
        ("GET", "/things/a", {"name": "a"}, {}, 400, "media"),
    ],
)
def test_what_isn_t_right_is_refused(
    served: Fakes, method: str, target: str, body: Any, headers: dict[str, str], status: int, error: str
) -> None:
    got, said = ask(served, method, target, body, **headers)
    assert (got, said["error"], served["tested"].made) == (status, error, [])


def test_what_is_right_is_done_counted_and_shown(served: Fakes) -> None:
    assert ask(served, "POST", "/things", {"name": "<a>"}) == (201, {"id": 1})
    assert ask(served, "GET", "/things/b?deep=1") == (200, {"name": "b"})
    assert ask(served, "GET", "/things/first") == (200, {"first": True})
    status, said = ask(served, "GET", "/_calls/tested", host=here(served))
    assert (status, said["count"], [one["path"] for one in said["calls"]]) == (
        200,
        3,
        ["/things", "/things/b", "/things/first"],
    )
    assert json.loads(said["calls"][0]["body"]) == {"name": "<a>"}
    status, shown = ask(served, "GET", "/tested/list", host=here(served))
    assert (status, "&lt;a&gt;" in shown, "<a>" in shown) == (200, True, False)
    assert ask(served, "DELETE", "/_calls/tested", host=here(served)) == (200, {"count": 0})
    assert (served.count, served["tested"].made) == (0, [])


def test_the_next_call_goes_wrong_as_told(served: Fakes) -> None:
    tell = {"status": 503, "body": {"why": "tired"}, "headers": {"Retry-After": "3"}}
    assert ask(served, "POST", "/_next/tested", tell, host=here(served)) == (200, {"waiting": 1})
    assert ask(served, "POST", "/things", {"name": "a"}) == (503, {"why": "tired"})
    assert (served["tested"].made, served.count) == ([], 1)
    assert ask(served, "POST", "/things", {"name": "b"}) == (201, {"id": 1})
    assert ask(served, "POST", "/_next/tested", {"staus": 1}, host=here(served))[0] == 400


def test_it_can_do_a_thing_and_lose_the_answer(served: Fakes) -> None:
    for trouble in ({"close": True, "after": True}, {"truncate": 4}, {"close": True}):
        served["tested"].fail_next(**trouble)
        with pytest.raises((HTTPException, ConnectionError)):
            ask(served, "POST", "/things", {"name": "a"})
    assert (served["tested"].made, served.count) == (["a", "a"], 3)


def test_a_host_nobody_plays_and_a_page_nobody_has_are_said(served: Fakes) -> None:
    assert ask(served, "GET", "/things/a", host="api.other.example")[0] == 404
    assert ask(served, "GET", "/tested/none", host=here(served))[0] == 404
    assert ask(served, "GET", "/_calls/none", host=here(served))[0] == 404
    status, home = ask(served, "GET", "/", host=here(served))
    assert (status, '<a href="/tested/list">Tested</a>' in home) == (200, True)


SCHEMA = {
    "type": "object",
    "properties": {
        "to": {"type": "array", "items": {"type": "string", "pattern": "@"}, "minItems": 1, "maxItems": 2},
        "n": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
        "kind": {"enum": ["a", "b"]},
        "text": {"anyOf": [{"type": "string", "minLength": 2, "maxLength": 3}, {"const": 7}]},
    },
    "required": ["to"],
    "additionalProperties": False,
    "minProperties": 1,
}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"to": ["a@b"], "n": None, "kind": "b", "text": 7}, None),
        ([], "the body has to be object"),
        ({"n": 1}, "/to is missing"),
        ({"to": []}, "/to has fewer than 1"),
        ({"to": ["a@", "b@", "c@"]}, "/to has more than 2"),
        ({"to": ["a"]}, "/to/0 doesn't look like @"),
        ({"to": ["@"], "n": 0}, "/n is less than 1"),
        ({"to": ["@"], "n": 10}, "/n is more than 9"),
        ({"to": ["@"], "n": True}, "/n has to be integer or null"),
        ({"to": ["@"], "kind": "c"}, "/kind has to be one of ['a', 'b']"),
        ({"to": ["@"], "text": "long"}, "/text fits none of what it may be"),
        ({"to": ["@"], "more": 1}, "/more isn't expected"),
    ],
)
def test_a_schema_says_where_it_doesn_t_fit(value: Any, fault: str | None) -> None:
    schemas.must_be_understood(SCHEMA)
    assert next(schemas.faults(SCHEMA, value, ""), None) == fault


@pytest.mark.parametrize(
    "schema", [{"format": "email"}, {"properties": {"a": {"oneOf": []}}}, {"additionalProperties": False}]
)
def test_a_schema_with_words_nobody_checks_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match=r"checked here|stands beside"):
        schemas.must_be_understood(schema)


def test_every_stored_schema_is_understood_and_used() -> None:
    stored = {(path.parent.name, path.stem) for path in schemas.FOLDER.glob("*/*.json")}
    used = {(one.key, route.body) for one in all_providers() for route, _method in one._marked("_api") if route.body}
    for key, name in stored:
        schemas.schema(key, name)
    assert stored == used
