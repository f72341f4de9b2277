"""MD-46 is read from the egress journal and the ledger, and turns false when one line had no live ground."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.models import Egress
from consents import leaving
from privacy.ids import new_id
from tests.consents.factories import NOON, choose, person

pytestmark = pytest.mark.django_db
GOOGLE = "third_party_integrations.google"
LATER = NOON + timedelta(hours=2)


def line(at: datetime = NOON + timedelta(hours=1), **said: Any) -> None:
    values: dict[str, Any] = {
        "subprocessor": "google",
        "host": "www.googleapis.com",
        "categories": "appointment",
        "bytes_out": 1,
    }
    Egress.objects.create(at=at, **(values | said))


def test_each_line_is_held_against_the_ledger_of_its_moment() -> None:
    by = person()
    for child in (None, "google"):
        choose(by, "third_party_integrations", child=child)
    line(ground=GOOGLE, subject_id=by.account_id)
    choose(by, "third_party_integrations", child="google", on=False, now=LATER)
    kept = leaving.nothing_left_without_a_live_ground(LATER)
    line(ground=GOOGLE, subject_id=by.account_id, at=LATER + timedelta(seconds=1))
    after = leaving.nothing_left_without_a_live_ground(LATER)
    assert (kept.kept, kept.figures["on_a_choice"]) == (True, 1)
    assert (after.kept, after.figures["without_a_live_choice"], after.figures["lines"]) == (False, 1, 2)


@pytest.mark.parametrize("ground", [GOOGLE, f"ai_assistance+{GOOGLE}", "sale", "newsletter.x"])
def test_a_choice_nobody_made_breaks_it(ground: str) -> None:
    line(ground=ground, subject_id=new_id(), file_id=new_id())
    line(ground=ground)
    found = leaving.nothing_left_without_a_live_ground(LATER)
    assert (found.kept, found.figures["without_a_live_choice"]) == (False, 2)


def test_a_legal_basis_is_held_to_what_it_covers() -> None:
    line(ground="account_message", subprocessor="resend", categories="contact")
    line(ground="end_of_use", categories="")
    kept = leaving.nothing_left_without_a_live_ground(LATER)
    line(ground="account_message", subprocessor="resend", categories="contact,health")
    line(ground="account_message", subprocessor="google", categories="contact")
    after = leaving.nothing_left_without_a_live_ground(LATER)
    assert (kept.kept, after.kept, after.figures["beyond_their_legal_basis"]) == (True, False, 2)
