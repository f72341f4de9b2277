"""The fold of the ledger, against a model that knows nothing of it (PC-11, PC-22; invariant 3)."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consents.notices import slots
from consents.states import MOVES, RESULT, Action, Fact, Position, children_of, ended_at, fold, move
from privacy.consent_keys import KEYS
from tests.consents.factories import NOON

PARENT = "third_party_integrations"
CHILDREN = [child.key for child in KEYS[PARENT].children]


def fact(number: int, slot: str, action: Action, text_number: int = 1) -> Fact:
    key, _dot, child = slot.partition(".")
    return Fact(number, key, child, action, NOON + timedelta(minutes=number), text_number)


def facts_of(steps: list[tuple[str, Action]]) -> list[Fact]:
    return [fact(number, slot, action) for number, (slot, action) in enumerate(steps, start=1)]


STEPS = st.lists(st.tuples(st.sampled_from(slots()), st.sampled_from(Action)), max_size=40)


def test_an_empty_ledger_says_no_to_everything() -> None:
    assert {state.position for state in fold([]).values()} == {Position.UNSET}
    assert len(fold([])) == 8 + 6


@given(STEPS)
def test_fold_equals_a_plain_model_of_switches(steps: list[tuple[str, Action]]) -> None:
    model = dict.fromkeys(slots(), False)
    for slot, action in steps:
        model[slot] = RESULT[action] is Position.ON and (slot == PARENT or not slot.startswith(PARENT) or model[PARENT])
        if not model[PARENT]:
            model.update((slot, False) for slot in children_of(PARENT))
    assert {slot: state.on for slot, state in fold(facts_of(steps)).items()} == model


@given(STEPS)
def test_no_child_is_ever_on_under_a_parent_that_is_off(steps: list[tuple[str, Action]]) -> None:
    states = fold(facts_of(steps))
    assert states[PARENT].on or not any(states[slot].on for slot in children_of(PARENT))


@pytest.mark.parametrize("wanted", list(product([True, False], repeat=1 + len(CHILDREN))))
def test_each_combination_of_parent_and_children_is_reached_or_forced_off(wanted: tuple[bool, ...]) -> None:
    parent, *children = wanted
    steps = [(PARENT, Action.GIVEN)]
    steps += [(slot, Action.GIVEN) for slot, on in zip(children_of(PARENT), children, strict=True) if on]
    steps += [] if parent else [(PARENT, Action.WITHDRAWN)]
    states = fold(facts_of(steps))
    assert [states[slot].on for slot in children_of(PARENT)] == [on and parent for on in children]


def test_a_parent_that_comes_back_brings_no_child() -> None:
    steps = [
        (PARENT, Action.GIVEN),
        (f"{PARENT}.google", Action.GIVEN),
        (PARENT, Action.WITHDRAWN),
        (PARENT, Action.GIVEN),
    ]
    google = fold(facts_of(steps))[f"{PARENT}.google"]
    assert (google.on, google.by_parent, google.number) == (False, True, 3)


@given(STEPS, st.sampled_from(slots()), st.booleans())
def test_a_move_changes_the_state_it_says_and_only_then(steps: list[tuple[str, Action]], slot: str, on: bool) -> None:
    facts = facts_of(steps)
    before = fold(facts)[slot]
    act = move(before, on=on, text_number=1)
    assert (act is None) == (before.position is (Position.ON if on else Position.OFF))
    assert act is None or RESULT[act] is (Position.ON if on else Position.OFF)


def test_agreeing_again_counts_only_when_the_wording_moved_on() -> None:
    state = fold([fact(1, "tos_privacy", Action.GIVEN, text_number=1)])["tos_privacy"]
    assert (move(state, on=True, text_number=1), move(state, on=True, text_number=2)) == (None, Action.RENEWED)


def test_every_pair_of_position_and_wish_has_one_answer() -> None:
    missing = [pair for pair in product(Position, [True, False]) if pair not in MOVES]
    assert missing == [(Position.ON, True), (Position.OFF, False)]


def test_a_yes_ends_with_the_next_act_on_it_or_on_its_parent() -> None:
    google = f"{PARENT}.google"
    facts = facts_of(
        [(PARENT, Action.GIVEN), (google, Action.GIVEN), ("marketing_emails", Action.GIVEN), (PARENT, Action.WITHDRAWN)]
    )
    assert [ended_at(facts, number) for number in (1, 2, 3, 4)] == [facts[3].at, facts[3].at, None, facts[3].at]


def test_a_renewal_ends_what_it_replaces() -> None:
    facts = [fact(1, "tos_privacy", Action.GIVEN), fact(2, "tos_privacy", Action.RENEWED, 2)]
    assert (ended_at(facts, 1), ended_at(facts, 2)) == (facts[1].at, None)
