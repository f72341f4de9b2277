"""PC-22 is read from the egress journal and tried on the ledger, and turns false when a switch opens more than itself."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from adapters.models import Egress
from consents import integration_promises, queries
from consents.models import ConsentEvent
from consents.states import State, fold
from privacy import subprocessors as law
from tests.consents.factories import NOON

pytestmark = pytest.mark.django_db
measured = integration_promises.each_integration_has_its_own_authorisation


def line(service: str, ground: str, categories: str = "professional") -> None:
    Egress.objects.create(at=NOON, subprocessor=service, host="x.example", ground=ground, categories=categories)


def test_each_switch_opens_itself_alone_and_nothing_of_the_trial_stays() -> None:
    line("google", "third_party_integrations.google", "appointment")
    line("viva", "subscription_payment", "financial")
    line("mistral", "ai_assistance+third_party_integrations.mistral", "health")
    found = measured(NOON)
    assert (found.kept, found.figures["calls"], len(found.figures["integrations"])) == (True, 2, 6)
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    ("said", "figure"),
    [
        (("google", "third_party_integrations.viva"), "on_another_switch"),
        (("google", "marketing_emails"), "on_another_switch"),
        (("mistral", "third_party_integrations.mistral"), "patients_content_without_the_patient"),
        (("google", "third_party_integrations.google", "appointment,health"), "patients_content_without_the_patient"),
    ],
)
def test_a_line_on_the_wrong_word_breaks_it(said: tuple[str, ...], figure: str) -> None:
    line(*said)
    found = measured(NOON)
    assert (found.kept, found.figures[figure]) == (False, 1)


@pytest.mark.parametrize(
    ("opened", "figure"),
    [
        (lambda states: any(key.startswith("third_party") and state.on for key, state in states.items()), "switches_that_open_another"),
        (lambda states: states["third_party_integrations.viva"].text_number > 0, "switches_that_outlive_their_parent"),
    ],
)  # fmt: skip
def test_a_fold_that_forgets_parents_or_children_breaks_it(
    monkeypatch: pytest.MonkeyPatch, opened: Any, figure: str
) -> None:
    def is_live(subject_id: Any, key: str, child: str | None = None, *, now: datetime) -> bool:
        states: dict[str, State] = fold(queries.facts(subject_id, now))
        return bool(opened(states))

    monkeypatch.setattr(queries, "is_live", is_live)
    found = measured(NOON)
    assert (found.kept, bool(found.figures[figure])) == (False, True)


def test_a_switch_of_nobody_in_the_register_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = law.VERSIONS
    fewer = tuple(one for one in first.entries if one.key != "viva")
    monkeypatch.setattr(law, "VERSIONS", (replace(first, entries=fewer),))
    found = measured(NOON)
    assert (found.kept, found.figures["services_without_an_entry"]) == (False, ["viva"])
