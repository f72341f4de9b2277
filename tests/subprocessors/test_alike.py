"""Which version of the register counts is known in one place: whoever is asked answers alike, before and after its day (PC-90, PC-101).

Asked about one change: AWS and Scell are gone, Newcomer is new and would train machines, BulkGate has another name, nothing carries
Google's transfer, and AssemblyAI's server leaves the EEA.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from adapters import gates
from adapters import promises as of_adapters
from adapters.folders import Folder, beyond
from adapters.models import Egress
from adapters.queries import ways
from audit.actors import Actor
from consents.board import board, switches_of
from consents.integration_promises import each_integration_has_its_own_authorisation as own_authorisation
from gdpr_requests import sent
from gdpr_requests.export.archive import AccountExport
from gdpr_requests.export.scopes import Scope
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.patient_keys import AI_TRAINING
from privacy.recipients import recipients_at
from privacy.subprocessors import Host, RegisterVersion, register_at
from records.assist.promises import sound_is_deleted_after_its_transcript as sound
from records.training.promises import training_needs_both_locks as training
from subprocessors import queries
from subprocessors.promises import no_transfer_stands_without_a_mechanism as no_transfer
from tests.accounts.factories import make_practitioner, verified_client
from tests.subprocessors.versions import BEGINS, DAY, FIRST, TOLD, announced, prepare

ROOT: Final = Path(__file__).parents[2]
RAW: Final = {
    "adapters/checks.py": "runs before there is a database",
    "praticonnect/office_egress.py": "the office looks for lines of whoever stands in any version",
    "praticonnect/office_subprocessors.py": "lists what is still to be announced",
    "subprocessors/actions.py": "announces",
    "subprocessors/promises.py": "says what is due and wasn't announced",
    "subprocessors/queries.py": "knows which count",
}
"""Who reads all versions, and why; everybody else reads those that count."""
SOUND: Final = "api.eu.assemblyai.com"


def changed() -> RegisterVersion:
    """The change that the tests ask about."""
    rows = {one.key: one for one in FIRST.entries if one.key not in ("aws", "scell")}
    mail = rows["bulkgate"]
    rows["newcomer"] = replace(
        mail, key="newcomer", name="Newcomer", hosts=(Host("api.new.example", True),), switches=(AI_TRAINING,)
    )
    rows["bulkgate"] = replace(mail, name="BulkGate Two", may_carry_health=True)
    rows["google"] = replace(rows["google"], mechanisms=())
    rows["assemblyai"] = replace(rows["assemblyai"], hosts=(Host(SOUND, False),))
    return RegisterVersion(2, TOLD.date(), DAY, tuple(rows.values()))


def told_apart(first: bool, second: bool) -> int:
    """The number of the version that an answer comes from; 0 for one that is neither's."""
    return {(True, False): 1, (False, True): 2}.get((first, second), 0)


def by_names(names: Iterable[str]) -> int:
    known = set(names)
    return told_apart("Amazon Web Services" in known, "Newcomer" in known)


def in_text(text: str) -> int:
    return told_apart("Amazon Web Services" in text, "Newcomer" in text)


def at_the_door(key: str, when: datetime) -> bool:
    return gates.by_register(key, when) is None


def by_figures(measure: Callable[[datetime], Any], figure: str, first: object, second: object) -> Callable[..., int]:
    def ask(user: User, when: datetime) -> int:
        found = measure(when).figures[figure]
        return told_apart(found == first, found == second)

    return ask


def page(name: str, said: Callable[[Any], int]) -> Callable[..., int]:
    def ask(user: User, when: datetime) -> int:
        answer = verified_client(user, now=when).get(reverse(name))
        assert answer.status_code == 200
        return said(answer)

    return ask


def cards(answer: Any) -> int:
    return by_names(one.name for one in answer.context["cards"])


def registers(answer: Any) -> int:
    activities = [one for _title, found in answer.context["registers"] for one in found]
    return by_names(who.name for one in activities for who in one.recipients)


def google_is_closed(closed: bool) -> int:
    return told_apart(not closed, closed)


def the_export(user: User, when: datetime) -> int:
    made = AccountExport(user, by=Actor(account_id=user.pk, role="practitioner"), now=when, how_far=Scope.ACCOUNT)
    with ZipFile(BytesIO(b"".join(made.chunks()))) as archive:
        return in_text(archive.read("index.html").decode())


def the_board(user: User, when: datetime) -> int:
    shown = switches_of(board(user.pk, language="en", now=when))
    return google_is_closed(any(one.closed for one in shown if one.child == "google"))


FOLDER: Final = Folder("x", frozenset({Category.CONTACT}), list)
SURFACES: Final[dict[str, Callable[[User, datetime], int]]] = {
    "law": lambda _user, when: register_at(legal_day(when)).number,
    "in force": lambda _user, when: queries.in_force(when).number,
    "door": lambda _user, when: told_apart(at_the_door("aws", when), at_the_door("newcomer", when)),
    "door to Google": lambda _user, when: google_is_closed(not at_the_door("google", when)),
    "storage": lambda _user, when: google_is_closed(bool(beyond(FOLDER, "aws", legal_day(when)))),
    "office": lambda _user, when: google_is_closed(any(way.closed for way in ways(when) if way.entry.key == "google" and way.closed[0].gate == "register")),
    "office's list": lambda _user, when: google_is_closed(all(way.entry.key != "aws" for way in ways(when))),
    "recipients": lambda _user, when: by_names(one.name for one in recipients_at(legal_day(when))),
    "what left": lambda _user, when: told_apart(*(sent.names(legal_day(when))["bulkgate"] == name for name in ("BulkGate", "BulkGate Two"))),
    "public page": page("subprocessors:register", cards),
    "registers": page("gdpr:register", registers),
    "consents": page("consents:switches", lambda answer: google_is_closed("Closed since 24 December 2026" in answer.content.decode())),
    "switches": the_board,
    "export": the_export,
    "PC-21": by_figures(training, "services_that_would_take_it", [], ["newcomer"]),
    "PC-22": by_figures(own_authorisation, "services_without_an_entry", [], ["scell"]),
    "PC-101, register": by_figures(no_transfer, "closed_now", [], ["google"]),
    "PC-98": by_figures(sound, "hosts_outside_the_eea", [], [SOUND]),
    "PC-99": by_figures(of_adapters.text_messages_carry_codes_and_reminders, "may_carry_health", False, True),
    "PC-101": by_figures(of_adapters.no_transfer_without_a_mechanism, "ways_closed_by_the_register_now", [], ["aws", "google", "scell"]),
    "PC-101, journal": by_figures(of_adapters.no_transfer_without_a_mechanism, "sent_while_closed", 1, 0),
    "PC-102": by_figures(of_adapters.nothing_is_sold, "processors", 10, 9),
}  # fmt: skip


@pytest.mark.django_db(databases=["default", "keys"])
@pytest.mark.parametrize(
    ("is_announced", "when", "number"),
    [(False, BEGINS + timedelta(days=9), 1), (True, BEGINS - timedelta(seconds=1), 1), (True, BEGINS, 2)],
    ids=["never announced, past its day", "announced, before its day", "announced, from its day on"],
)
def test_whoever_is_asked_names_the_version_that_counts(
    monkeypatch: pytest.MonkeyPatch, is_announced: bool, when: datetime, number: int
) -> None:
    prepare(monkeypatch, changed())
    with time_machine.travel(TOLD, tick=False):
        user = make_practitioner()
        if is_announced:
            announced()
    for service, host in (("newcomer", "api.new.example"), ("assemblyai", SOUND)):
        Egress.objects.create(at=when, subprocessor=service, host=host, ground="account_message", categories="contact")
    with time_machine.travel(when, tick=False):
        answers = {name: ask(user, when) for name, ask in SURFACES.items()}
    assert answers == dict.fromkeys(SURFACES, number)


@pytest.mark.django_db
def test_reading_a_whole_page_asks_once_which_versions_count(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch, changed())
    user = make_practitioner(now=TOLD)
    with CaptureQueriesContext(connection) as asked:
        board(user.pk, language="en", now=BEGINS)
        recipients_at(DAY)
    assert sum("subprocessors_announcement" in one["sql"] for one in asked) == 2


def test_nobody_else_reads_versions_that_may_not_count() -> None:
    apps = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "privacy")]
    found = {
        str(path.relative_to(ROOT)) for app in apps for path in app.rglob("*.py") if reads_all(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert found == set(RAW)


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("from privacy.subprocessors import VERSIONS", True),
        ("from privacy.subprocessor_rows import VERSIONS as EVERY", True),
        ("from privacy import subprocessors as law\nlaw.VERSIONS[-1]", True),
        ("import privacy.subprocessors\nprivacy.subprocessors.VERSIONS", True),
        ("from privacy.payers import VERSIONS", False),
        ("from privacy import payers\nfrom privacy.subprocessors import counted\npayers.VERSIONS", False),
    ],
)
def test_the_search_sees_each_way_to_read_them(source: str, is_found: bool) -> None:
    assert reads_all(source) is is_found


def reads_all(source: str) -> bool:
    """Whether a module reads the versions as they stand in the code."""
    if "VERSIONS" not in source or "privacy" not in source:
        return False
    law = {"privacy.subprocessors", "privacy.subprocessor_rows"}
    names, imported = set(law), False
    nodes = list(ast.walk(ast.parse(source)))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module in law:
            imported |= any(one.name == "VERSIONS" for one in node.names)
        if isinstance(node, ast.ImportFrom) and node.module == "privacy":
            names |= {one.asname or one.name for one in node.names if f"privacy.{one.name}" in law}
    used = {ast.unparse(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr == "VERSIONS"}
    return imported or bool(used & names)
