"""Nothing is written into a journal under a name that nobody can read (MD-44)."""

import ast
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from audit.actions import record_event, record_security
from audit.actors import Actor
from audit.models import EventEntry
from audit.words import ACTS, EVENTS, KINDS, PARTS, NoWords, Vocabulary, act_in_words
from consents.states import Action
from gdpr_requests.desk import states as desk
from gdpr_requests.models.directives import Ended
from lifecycle import states as contract
from lifecycle.deletion.rules import Kind
from lifecycle.models import BreachEvent, Erasure, Step
from records.reading import Part

ROOT = Path(__file__).parents[2]
APPS = [one.label for one in apps.get_app_configs() if Path(one.path).parent == ROOT]
BY = Actor.system("test")
COMPOSED: dict[str, type[Enum]] = {
    "gdpr.request.": desk.Event, "gdpr.directive.": Ended, "lifecycle.breach.": BreachEvent.Kind, "consents.": Action,
    "lifecycle.deletion_": Kind, "lifecycle.erasure.": Erasure.State, "lifecycle.schedule.": Step, "lifecycle.": contract.Event,
}  # fmt: skip
"""Verbs that the code puts together from an enum."""


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for app in APPS:
        for source in (ROOT / app).rglob("*.py"):
            if "migrations" not in source.parts:
                yield source, ast.parse(source.read_text())


def arguments(*names: str, of: str) -> Iterator[ast.expr]:
    """What every call of the functions gives as the keyword ``of``; all calls when no function is named."""
    for _source, tree in sources():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and (not names or getattr(call.func, "id", "") in names):
                yield from (one.value for one in call.keywords if one.arg == of)


def test_every_verb_spelled_in_the_sources_has_words() -> None:
    given = list(arguments("record_event", "record_events", of="verb"))
    whole = {one.value for one in given if isinstance(one, ast.Constant)}
    begun = {one.values[0].value for one in given if isinstance(one, ast.JoinedStr) and isinstance(one.values[0], ast.Constant)}  # fmt: skip
    assert (len(whole) > 10, len(begun) > 10) == (True, True)
    assert whole - set(EVENTS.known) == set()
    assert [prefix for prefix in begun if not any(verb.startswith(prefix) for verb in EVENTS.known)] == []


def test_every_verb_made_from_an_enum_has_words() -> None:
    made = {f"{prefix}{one.value}" for prefix, kinds in COMPOSED.items() for one in kinds}
    assert made - set(EVENTS.known) == set()


def test_every_kind_named_in_accounts_has_words() -> None:
    """Most come from the signals of libraries, by name: read as they stand."""
    heads = "|".join(sorted({kind.partition(".")[0] for kind in KINDS.known}))
    files = [one for one, _tree in sources() if one.is_relative_to(ROOT / "accounts") and one.name != "decisions.py"]
    named = {name for one in files for name in re.findall(rf'"((?:{heads})\.[a-z_]+)"', one.read_text())}
    assert (len(named) > 20, named - set(KINDS.known)) == (True, set())


def test_no_words_are_left_of_a_verb_that_nobody_writes() -> None:
    said = " ".join(
        source.read_text() for app in APPS for source in (ROOT / app).rglob("*.py") if source.name != "events.py"
    )
    quoted = set(re.findall(r'"([a-z_.]+)"', said))
    tails = {verb: {verb[at:] for at in range(len(verb)) if verb[at - 1] in "._" or at == 0} for verb in EVENTS.known}
    assert sorted(verb for verb, ends in tails.items() if not ends & quoted) == []


def test_every_part_and_act_of_the_access_journal_has_words() -> None:
    parts = {one.value for one in arguments(of="part") if isinstance(one, ast.Constant) and one.value} | {
        part.value for part in Part
    }
    acts = {one.value for one in arguments("open", "open_many", "open_part", "open_file", "opened", of="action") if isinstance(one, ast.Constant)}  # fmt: skip
    assert (len(parts) > 15, parts - set(PARTS.known), acts - set(ACTS.known)) == (True, set(), set())
    assert (act_in_words("consultation", "sign"), act_in_words("file", "create")) == (
        "signed a consultation",
        "made the file",
    )


@pytest.mark.django_db
def test_a_name_without_words_is_not_written() -> None:
    with pytest.raises(NoWords, match=r"records\.file\.sung"):
        record_event(by=BY, verb="records.file.sung", object_type="t", object_id=1, now=timezone.now())
    with pytest.raises(NoWords, match=r"login\.sung"):
        record_security(by=BY, kind="login.sung", now=timezone.now())
    assert not EventEntry.objects.filter(verb="records.file.sung").exists()


@pytest.mark.django_db
def test_in_production_the_line_is_written_and_the_fault_logged(settings: Any, caplog: Any) -> None:
    settings.PRODUCTION = True
    record_event(by=BY, verb="records.file.sung", object_type="t", object_id=1, now=timezone.now())
    assert EventEntry.objects.filter(verb="records.file.sung").count() == 1
    assert EVENTS.of("records.file.sung") == "records.file.sung"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_two_apps_cannot_say_the_same_name() -> None:
    words = Vocabulary("event")
    words.say({"a.b": "x"})
    with pytest.raises(ValueError, match=r"a\.b"):
        words.say({"a.b": "y"})


def test_what_happens_is_said_once_each() -> None:
    """Two choices of a filter that read alike can't be told apart."""
    for vocabulary in (EVENTS, KINDS):
        said = [str(words) for words in vocabulary.known.values()]
        assert sorted(said) == sorted(set(said))
