"""PC-90 and the register's side of PC-101 turn false when they are broken by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from accounts.access import Access, Act, Audience
from privacy import subprocessors as law
from privacy.subprocessors import Host, RegisterVersion, Subprocessor
from subprocessors import access
from subprocessors.promises import no_transfer_stands_without_a_mechanism as transfers
from subprocessors.promises import the_register_is_public_whole_and_announced as register
from tests.subprocessors.versions import BEGINS, FIRST, TOLD, announced, prepare, second

pytestmark = pytest.mark.django_db


def changed(monkeypatch: pytest.MonkeyPatch, key: str, change: Callable[[Subprocessor], Subprocessor]) -> None:
    entries = tuple(change(one) if one.key == key else one for one in FIRST.entries)
    monkeypatch.setattr(law, "VERSIONS", (RegisterVersion(1, FIRST.announced_on, FIRST.effective_on, entries),))


def test_both_are_kept_as_the_register_stands() -> None:
    shown, closed = register(TOLD), transfers(TOLD)
    assert (shown.kept, shown.figures["subprocessors"], shown.figures["agreements_on_file"]) == (True, 10, 0)
    assert (closed.kept, closed.figures["ends"]) == (
        True, {"google": "2028-05-14", "assemblyai": "2028-05-14", "resend": "2028-05-14"},
    )  # fmt: skip


def test_an_announced_change_keeps_it_and_an_unannounced_one_breaks_it_on_its_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(monkeypatch)
    assert [register(when).kept for when in (TOLD, BEGINS)] == [True, False]
    assert register(BEGINS).figures["due_but_not_announced_in_time"] == [2]
    announced()
    assert [register(when).kept for when in (TOLD, BEGINS)] == [True, True]
    monkeypatch.setattr(law, "VERSIONS", (FIRST, replace(second(), effective_on=FIRST.effective_on)))
    found = register(TOLD)
    assert (found.kept, found.figures["announcements_that_fit_no_version"], len(found.figures["faults_of_the_history"])) == (  # type: ignore[arg-type]
        False, [2], 2,
    )  # fmt: skip


def test_a_page_that_is_not_public_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(access.ACCESS, "subprocessors:register", Access(Audience.OFFICE, Act.OFFICE))
    assert register(TOLD).figures["pages_not_public"] == ["subprocessors:register"]
    assert not register(TOLD).kept


def test_an_entry_that_does_not_answer_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    changed(monkeypatch, "viva", lambda one: replace(one, evidence=""))
    found = register(TOLD)
    assert (found.kept, found.figures["incomplete_entries"]) == (False, ["viva"])


def test_health_data_with_a_way_out_of_the_eea_break_it(monkeypatch: pytest.MonkeyPatch) -> None:
    changed(monkeypatch, "mistral", lambda one: replace(one, hosts=(Host("api.mistral.ai", False),)))
    found = transfers(TOLD)
    assert (found.kept, found.figures["health_data_beyond_the_eea"], found.figures["closed_now"]) == (
        False, ["mistral"], ["mistral"],
    )  # fmt: skip


def test_a_register_that_closes_nothing_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(key: str, day: datetime, versions: object = None) -> None:
        return None

    monkeypatch.setattr(law, "why_closed", never)
    found = transfers(TOLD)
    assert (found.kept, found.figures["open_after_the_end"]) == (False, ["google", "assemblyai", "resend"])


def test_a_transfer_that_nothing_carries_is_closed_and_the_promise_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    changed(monkeypatch, "resend", lambda one: replace(one, mechanisms=()))
    found = transfers(TOLD)
    assert (found.kept, found.figures["closed_now"]) == (True, ["resend"])
