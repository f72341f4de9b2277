"""All the clocks together, walked at random and once by hand (issue 3, Done-when 1).

In the suite the random walk is the same each time, and short; ``MACHINE=big`` walks far, another way each time, until
it has met everything. With ``-s`` it prints how often. The walk by hand meets everything each time.
"""

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from directory.cards import LISTING
from lifecycle.residue import recording
from tests.accounts.factories import make_practitioner
from tests.lifecycle.clock_model import HALF, HAPPENS
from tests.lifecycle.clocks_machine import SIGNED_UP, Clocks

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    # What is cut off is dead: it closes nothing.
    pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning"),
]
BIG = os.environ.get("MACHINE") == "big"
SIZE = {"max_examples": 10, "stateful_step_count": 50} if BIG else {"max_examples": 4, "stateful_step_count": 18}
LEAST, MOST = (6, 30) if BIG else (1, 1)
"""Rounds: examples of one round are much alike, since Hypothesis makes each from the last."""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Of a practice of its own. The search for residue has its own tests, and takes a second."""
    monkeypatch.setattr(recording, "scan", lambda _words: [])
    user = make_practitioner(now=SIGNED_UP, subscribed=False)
    return type("ClocksOfOne", (Clocks,), {"user": user, "met": Counter()})


def test_all_clocks_together(machine: Any) -> None:
    health = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    size = settings(deadline=None, phases=[Phase.generate], derandomize=not BIG, suppress_health_check=health, **SIZE)
    for number in range(MOST):
        if number < LEAST or HAPPENS - set(+machine.met):
            run_state_machine_as_test(machine, settings=size)
            print(number, dict(sorted(machine.met.items())))  # noqa: T201 - shown with -s, or when something failed
    assert not BIG or HAPPENS - set(+machine.met) == set()


WALK = [
    ("begin", {"subscribed": True}),
    ("choose", {"key": LISTING, "on": True}),
    ("choose", {"key": LISTING, "on": False}),
    ("place_hold", {"which": 0}),
    ("request_deletion", {}),
    ("request_deletion", {}),
    ("withdraw", {}),
    ("request_deletion", {}),
    ("wait", {"days": 29, "minutes": 1}),
    ("change_factor", {}),
    ("wait", {"days": 8, "minutes": 1}),
    ("end_subscription", {}),
    ("wait", {"days": 7_306, "minutes": 1}),
    ("sweep_cut_off", {"after": 40}),
    ("sweep", {}),
    ("lift_hold", {"which": 0}),
    ("wait", {"days": 7_306, "minutes": 1}),
    ("sweep", {}),
    ("request_deletion", {}),
    ("waive_wait", {}),
    ("sweep", {}),
]


def test_one_walk_meets_everything(machine: Any) -> None:
    """What the machine counts does happen, so that a random walk without it is a short one and not a blind one."""
    one = machine()
    try:
        for name, values in WALK:
            getattr(one, name)(**values)
            for law in one.invariants:
                law.function(one)
    finally:
        one.teardown()
    assert HAPPENS - set(+machine.met) == {HALF}
