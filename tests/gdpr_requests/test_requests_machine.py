"""One request, any steps by anybody at any time: only the table's moves happen, and the dates of the law hold (MD-33, MD-34)."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from gdpr_requests import actions
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.states import DONE, MOVES, OVER, Event, State
from gdpr_requests.models import Exchange, Proof, Request
from privacy.clocks import legal_day
from privacy.deadlines import Right
from tests.accounts.factories import make_practitioner, make_staff
from tests.gdpr_requests.factories import NOW, VISITOR, by_letter, dpo_of
from tests.records.factories import actor_of
from tests.together import together

STEPS = {
    "ask_identity": {"text": "Who?"},
    "prove": {"proof": Proof.IN_PERSON},
    "take": {},
    "extend": {"text": "More time."},
    "answer": {"outcome": "granted", "text": "Here."},
    "close": {},
    "withdraw": {},
    "write": {"text": "Hello."},
}
WALKS = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(["dpo", "person", "stranger"]), st.integers(0, 20)),
    max_size=9,
)


@pytest.mark.django_db(databases="__all__")
@settings(max_examples=12)
@given(right=st.sampled_from([Right.ACCESS, Right.RECTIFICATION, Right.DIRECTIVES]), walk=WALKS)
def test_walk_of_a_request_keeps_to_table_and_law(right: Right, walk: list[tuple[str, str, int]]) -> None:
    with transaction.atomic():
        request, now = by_letter(right), NOW
        actors = {"dpo": dpo_of(make_staff()), "person": VISITOR, "stranger": actor_of(make_practitioner())}
        for step, who, days in walk:
            now += timedelta(days=days)
            with suppress(Refused):
                getattr(actions, step)(request_id=request.pk, by=actors[who], now=now, **STEPS[step])
                assert who != "stranger"
        hold(Request.objects.get(pk=request.pk))
        transaction.set_rollback(True)


def hold(request: Request) -> None:
    """What is true of every request, whatever happened."""
    thread = list(Exchange.objects.filter(request_id=request.pk).order_by("number"))
    states = [State(line.state) for line in thread]
    for before, line in zip(states, thread[1:], strict=False):
        assert MOVES[before, Event(line.kind)].to == line.state
    assert request.state == states[-1]
    assert (request.closed_at is not None) == (request.state in OVER)
    assert sum(state in (State.ANSWERED, State.WITHDRAWN) for state in dict.fromkeys(states)) <= 1
    assert not request.outcome or request.proof
    for line in thread:
        if line.kind == Event.EXTEND:
            assert legal_day(line.at) <= request.due_on
    assert request.extended_until is None or request.extended_until > request.due_on
    assert request.decided_at is None or request.decided_at >= request.not_before
    assert (request.decided_at is not None) == (request.state in DONE and request.state != State.WITHDRAWN)


@pytest.mark.database
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_two_decisions_at_once_one_wins() -> None:
    request, by = by_letter(Right.RECTIFICATION), dpo_of(make_staff())
    actions.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=by, now=NOW)
    decided = {"request_id": request.pk, "text": "Decided.", "by": by, "now": NOW}
    found = together(
        lambda: actions.answer(**decided, outcome="granted"),
        lambda: actions.answer(**decided, outcome="refused", ground="accurate"),
    )
    assert sorted(type(one).__name__ for one in found) == ["Refused", "Request"]
    assert Exchange.objects.filter(request_id=request.pk, kind="answer").count() == 1


@pytest.mark.database
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_requests_filed_at_once_have_numbers_without_a_gap() -> None:
    found = together(*[by_letter] * 4)
    assert sorted(getattr(one, "serial", one) for one in found) == [1, 2, 3, 4]
