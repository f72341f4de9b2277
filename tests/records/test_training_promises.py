"""PC-21 turns false when somebody is in a set without a yes, when a no leaves no mark, when a file outlives it, when a name stays or anything is sent."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from adapters.boxes.refs import GroundRef
from adapters.outbox import enqueue
from care.tenancy import ALL, scope
from privacy.patient_keys import AI_TRAINING
from records.models import TrainingEnd, TrainingMember
from records.training import doubts, keeping, promises, rules
from records.training.rules import KEPT, SLOT
from tests.records.training_world import BY, LATER, SECOND, World, entered, world

pytestmark = pytest.mark.django_db(databases="__all__")
HOURS = timedelta(hours=3)


def measured(now: Any = LATER) -> dict[str, Any]:
    """What is wrong, by name; empty while the promise is kept."""
    found = promises.training_needs_both_locks(now)
    assert found.kept is not any(value for name, value in found.figures.items() if name in WRONG), found.figures
    return {name: value for name, value in found.figures.items() if name in WRONG and value}


WRONG = frozenset(
    (
        "in_a_set_without_both_locks", "withdrawn_and_not_recorded", "files_kept_past_their_end", "sent_somewhere",
        "files_that_open_though_somebody_left", "destroyed_files_with_a_key_or_bytes", "sets_that_are_too_small",
        "services_that_would_take_it", "names_that_a_trial_text_kept", "doubtful_texts_let_in", "dead_or_children_let_in",
        "evidence_is_not_sealed",
    )
)  # fmt: skip


def test_promise_is_kept_and_counts() -> None:
    made = world(1)
    entered(made.files[0], made.practitioner)
    assert measured() == {}
    figures = promises.training_needs_both_locks(LATER).figures
    assert {name: figures[name] for name in ("sets", "files_there", "members", "left_since", "least_patients")} == {
        "sets": 1, "files_there": 1, "members": 1, "left_since": 0, "least_patients": 11}  # fmt: skip


@pytest.mark.parametrize("who", ["practice", "patient"])
def test_member_who_never_said_yes_breaks_it(who: str) -> None:
    made = World()
    if who == "patient":
        made.switch()
    entered(made.add(agrees=who == "practice"), made.practitioner)
    assert measured() == {"in_a_set_without_both_locks": 1, "withdrawn_and_not_recorded": 1}


@pytest.mark.parametrize("who", ["practice", "patient"])
def test_withdrawal_that_leaves_no_mark_breaks_it(who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the record in the withdrawal's transaction taken out."""
    from consents import hooks

    made = world(1)
    entered(made.files[0], made.practitioner)
    monkeypatch.setattr(hooks, "on_decision", {SLOT: [], AI_TRAINING: []})
    made.switch(False, now=LATER + SECOND) if who == "practice" else made.wish(on=False, now=LATER + SECOND)
    assert measured(LATER + HOURS) == {"withdrawn_and_not_recorded": 1}


def test_file_that_outlives_a_no_or_its_time_breaks_it() -> None:
    made = world(1)
    entered(made.files[0], made.practitioner)
    assert measured(LATER + KEPT + HOURS) == {"files_kept_past_their_end": [1]}
    made.wish(on=False, now=LATER + SECOND)
    assert (measured(LATER + SECOND), measured(LATER + HOURS)) == ({}, {"files_kept_past_their_end": [1]})


def test_file_that_opens_though_somebody_left_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(1)
    entered(made.files[0], made.practitioner)
    made.wish(on=False, now=LATER)
    monkeypatch.setattr(rules, "still_in", lambda member, now: True)
    key_of = entered(made.files[0], made.practitioner, at=LATER)  # the newest: only its members close it
    with scope(ALL):
        TrainingMember.objects.filter(build=key_of).update(left_at=LATER, left_why="patient")
    assert measured(LATER + SECOND) == {"files_that_open_though_somebody_left": [2]}


def test_end_without_destruction_breaks_it() -> None:
    made = world(1)
    build = entered(made.files[0], made.practitioner)
    keeping.access.new_file(file_id=build.pk, by=BY, practice_id=None, purpose="improvement", now=LATER)
    TrainingEnd.objects.create(build=build, ended_at=LATER, why="left")
    assert measured() == {"destroyed_files_with_a_key_or_bytes": [1]}
    keeping.rings.destroy([build.pk], LATER)
    default_storage.save(keeping.name_of(build.pk), ContentFile(b"x"))
    assert measured() == {"destroyed_files_with_a_key_or_bytes": [1]}


def test_message_that_waits_on_this_consent_breaks_it() -> None:
    made = world(1)
    ground = GroundRef.patient(made.files[0].pk, AI_TRAINING, subject_id=made.practitioner.pk, slot=SLOT)
    enqueue(kind="mistral.draft", payload={}, ground=ground, now=LATER)
    assert measured() == {"sent_somewhere": 1}


def test_service_that_would_take_it_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "SLOT", "third_party_integrations.mistral")
    assert measured() == {"services_that_would_take_it": ["mistral"]}


@pytest.mark.parametrize(
    ("where", "name", "broken", "figure"),
    [
        (promises.Pseudonyms, "hide", lambda self, text: text, "names_that_a_trial_text_kept"),
        (doubts, "SHAPES", re.compile("(?!)"), "doubtful_texts_let_in"),
        (doubts, "capitals_of", lambda text: set(), "doubtful_texts_let_in"),
        (promises, "why_out", lambda **known: None, "dead_or_children_let_in"),
        (promises, "registered", lambda: (), "evidence_is_not_sealed"),
    ],
)
def test_part_that_stops_working_breaks_it(
    where: Any, name: str, broken: Callable[..., Any], figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, broken)
    assert list(measured()) == [figure]
