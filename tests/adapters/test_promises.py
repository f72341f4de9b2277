"""The promises of the way out turn false when a line of the journal says otherwise (PC-101, PC-102)."""

from dataclasses import replace
from typing import Any

import pytest

from adapters import promises
from adapters.door import send
from adapters.models import Egress
from privacy import subprocessors
from tests.adapters.calls import NOW, ONCE, message, to_resend
from tests.adapters.server import Provider

pytestmark = pytest.mark.django_db


def line(**said: Any) -> Egress:
    values: dict[str, Any] = {
        "at": NOW, "subprocessor": "resend", "host": "api.resend.com", "ground": "account_message", "categories": "contact",
        "bytes_out": 10,
    }  # fmt: skip
    return Egress.objects.create(**(values | said))


def test_both_are_kept_by_what_really_left(there: Provider) -> None:
    send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    transfers, sold = promises.no_transfer_without_a_mechanism(NOW), promises.nothing_is_sold(NOW)
    assert (transfers.kept, transfers.figures["lines"], sold.kept, sold.figures["lines"]) == (True, 1, True, 1)


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ({"subprocessor": "databroker"}, "sent_while_closed"),
        ({"at": NOW.replace(month=1)}, "sent_while_closed"),
        ({"host": "api.resend.example"}, "sent_to_unknown_hosts"),
        ({"categories": "contact,health"}, "health_data_sent_outside"),
        ({"subprocessor": "google", "host": "www.googleapis.com", "categories": "health"}, "health_data_sent_outside"),
    ],
)
def test_a_transfer_that_mustn_t_be_breaks_pc_101(said: dict[str, Any], broken: str) -> None:
    line()
    before = promises.no_transfer_without_a_mechanism(NOW)
    line(**said)
    after = promises.no_transfer_without_a_mechanism(NOW)
    assert (before.kept, after.kept, after.figures[broken]) == (True, False, 1)


def test_a_mechanism_that_isn_t_there_closes_the_way_and_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (version,) = subprocessors.VERSIONS
    bare = tuple(replace(one, mechanisms=()) for one in version.entries)
    monkeypatch.setattr(subprocessors, "VERSIONS", (replace(version, entries=bare),))
    figures = promises.no_transfer_without_a_mechanism(NOW).figures
    assert figures["ways_closed_by_the_register_now"] == ["assemblyai", "google", "resend"]


@pytest.mark.parametrize(
    ("said", "figure", "found"),
    [
        ({"subprocessor": "databroker"}, "receivers_that_are_no_processor", ["databroker"]),
        ({"ground": "sale"}, "grounds_of_no_register", ["sale"]),
        ({"ground": "marketing_emails+sale"}, "grounds_of_no_register", ["marketing_emails+sale"]),
    ],
)
def test_a_sale_breaks_pc_102(said: dict[str, Any], figure: str, found: list[str]) -> None:
    line()
    before = promises.nothing_is_sold(NOW)
    line(**said)
    after = promises.nothing_is_sold(NOW)
    assert (before.kept, after.kept, after.figures[figure]) == (True, False, found)


@pytest.mark.parametrize(
    ("said", "figure"),
    [
        ({"ground": "account_message", "categories": "contact"}, "on_another_ground"),
        ({"ground": "marketing_emails", "categories": "contact"}, "on_another_ground"),
        ({"ground": "login_code", "categories": "contact,health"}, "with_other_data"),
    ],
)
def test_a_text_that_is_neither_code_nor_reminder_breaks_pc_99(said: dict[str, Any], figure: str) -> None:
    line(subprocessor="bulkgate", host="portal.bulkgate.com", ground="login_code", categories="contact,credential")
    before = promises.text_messages_carry_codes_and_reminders(NOW)
    line(subprocessor="bulkgate", host="portal.bulkgate.com", **said)
    after = promises.text_messages_carry_codes_and_reminders(NOW)
    assert (before.kept, before.figures["messages"], after.kept, after.figures[figure]) == (True, 1, False, 1)
