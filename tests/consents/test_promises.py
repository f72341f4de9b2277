"""Each promise of the ledger turns false when its fact is broken by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import PractitionerProfile, User
from audit import signing
from audit.actors import Actor
from consents import actions, board, notices, promises, proofs, queries, states
from consents.models import ConsentEvent, EventOrigin, PublishedText
from praticonnect.database import as_owner
from privacy.clocks import Period
from privacy.ids import new_id
from privacy.promises import CHECKS, measure
from privacy.retention_rules import RULES
from tests.accounts.factories import make_account, make_practitioner
from tests.consents.factories import choose, person

pytestmark = pytest.mark.django_db

OURS = ["PC-09", "PC-10", "PC-11", "PC-12", "PC-13", "PC-14", "PC-15", "PC-16", "PC-24", "NEW-01"]


def kept(promise_id: str) -> tuple[bool | None, dict[str, Any]]:
    [result] = measure(timezone.now(), [promise_id])
    ours = [check.run(timezone.now()) for check in CHECKS[promise_id] if check.run.__module__ == "consents.promises"]
    return all(found.kept for found in ours), dict(result.evidence)


@pytest.fixture(autouse=True)
def practice() -> User:
    """A practitioner, as sign-up makes one, who then chose a little."""
    user = make_practitioner()
    by = person(user.pk)
    for on in (True, False):
        choose(by, "marketing_emails", on, now=timezone.now())
    return user


def entry(user: User, **changed: Any) -> ConsentEvent:
    """One more entry of this person, written past the action."""
    event = ConsentEvent.objects.filter(subject_id=user.pk).latest("number")
    event.pk, event.number, event.at = new_id(), event.number + 1, timezone.now()
    for name, value in changed.items():
        setattr(event, name, value)
    event.save(force_insert=True)
    return event


@contextmanager
def unguarded(table: str) -> Iterator[Any]:
    """As the owner, with the table's guards off: what an attacker with all rights could do."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable trigger user")
        yield cursor


@pytest.mark.parametrize("promise_id", OURS)
def test_each_promise_of_the_ledger_is_kept(promise_id: str) -> None:
    found, figures = kept(promise_id)
    assert found is True, figures


def test_measuring_leaves_no_trace(practice: User) -> None:
    before = (ConsentEvent.objects.count(), EventOrigin.objects.count())
    for promise_id in OURS:
        kept(promise_id)
    assert (ConsentEvent.objects.count(), EventOrigin.objects.count()) == before


def test_pc_09_breaks_on_an_entry_of_a_wrong_kind(practice: User) -> None:
    entry(practice, key="tos_privacy", kind="consent")
    found, figures = kept("PC-09")
    assert (found, figures["entries_of_a_wrong_kind"]) == (False, 1)


def test_pc_09_breaks_on_a_contract_ended_by_a_switch(practice: User) -> None:
    entry(practice, key="tos_privacy", kind="acceptance", action="withdrawn", control="switch")
    assert kept("PC-09")[0] is False


def test_pc_10_breaks_on_a_missing_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "GROUPS", board.GROUPS[:2])
    found, figures = kept("PC-10")
    assert (found, figures["switches"]) == (False, 6)


def test_pc_10_breaks_on_a_switch_that_does_not_say_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board.Switch, "next_move", property(lambda self: ""))
    assert len(kept("PC-10")[1]["unexplained_switches"]) == 14


def test_pc_11_breaks_on_an_entry_without_journal_line(practice: User) -> None:
    entry(practice)
    found, figures = kept("PC-11")
    assert (found, figures["entries_without_journal_line"]) == (False, 1)


def test_pc_11_breaks_on_an_address_kept_too_long(practice: User) -> None:
    event = ConsentEvent.objects.filter(subject_id=practice.pk).latest("number")
    EventOrigin.objects.create(event_id=event.pk, at=timezone.now() - timedelta(days=400), ip="192.0.2.1")
    assert kept("PC-11")[1]["addresses_kept_too_long"] == 1
    assert kept("PC-11")[0] is False


@pytest.mark.parametrize("table", promises.TABLES)
def test_pc_11_breaks_when_a_guard_is_taken_off(table: str) -> None:
    with unguarded(table):
        pass
    found, figures = kept("PC-11")
    assert found is False
    assert f"update {table}" in figures["attacks_that_succeeded"]


def test_pc_12_breaks_when_a_yes_cannot_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = {key: act for key, act in states.MOVES.items() if key != (states.Position.ON, False)}
    monkeypatch.setattr(states, "MOVES", stuck)
    found, figures = kept("PC-12")
    assert (found, figures["switches_stuck"]) == (False, list(notices.slots()))


def test_pc_12_breaks_when_a_phase_could_close_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    care = promises.ACCESS["consents:decide"].__class__(promises.Audience.PRACTITIONER, promises.Act.CARE)
    monkeypatch.setitem(promises.ACCESS, "consents:decide", care)
    assert kept("PC-12")[0] is False


def test_pc_13_breaks_on_another_length(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(RULES, "PC-51", replace(RULES["PC-51"], length=Period(years=4)))
    assert kept("PC-13")[0] is False


def test_pc_13_breaks_on_an_entry_that_went(practice: User) -> None:
    with unguarded("consents_consentevent") as cursor:
        cursor.execute("delete from consents_consentevent where subject_id = %s and number = 1", [practice.pk])
    found, figures = kept("PC-13")
    assert (found, figures["people_with_a_gap"]) == (False, 1)


def test_pc_13_breaks_on_a_tie_to_the_account() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(
            "alter table consents_consentevent add foreign key (subject_id) references accounts_user(id) on delete cascade not valid"
        )
    assert kept("PC-13")[1]["tables_that_could_take_proofs_along"] == ["accounts_user"]


def test_pc_14_doesnt_miss_a_no_whose_proof_left_at_its_term(practice: User) -> None:
    """PC-51: a no to the directory leaves five years after it was said; the account goes on."""
    later = timezone.now() + timedelta(days=5 * 366)
    make_practitioner()
    assert proofs.expire(by=Actor.system("test"), now=later, closed={}).rows
    [check] = [one for one in CHECKS["PC-14"] if one.run.__module__ == "consents.promises"]
    found = check.run(later)
    assert (found.kept, found.figures["practitioners_never_asked"]) == (True, 0)


def test_pc_14_breaks_on_a_practitioner_who_was_never_asked() -> None:
    PractitionerProfile.objects.create(user=make_account(), surname="Roux", given_names="C", jurisdiction="FR")
    found, figures = kept("PC-14")
    assert (found, figures["practitioners_never_asked"]) == (False, 1)


def test_pc_14_breaks_on_a_yes_on_a_box_that_was_ticked(practice: User) -> None:
    entry(practice, action="given", control_default="on")
    assert kept("PC-14")[0] is False


def test_pc_14_breaks_on_a_box_ticked_at_sign_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from consents import signup

    tick = signup._tick

    def ticked(*args: Any, **kwargs: Any) -> Any:
        field = tick(*args, **kwargs)
        field.initial = True
        return field

    monkeypatch.setattr(signup, "_tick", ticked)
    assert kept("PC-14")[1]["ticked_beforehand"] == ["tos_privacy", "health_data_processing"]


def test_pc_15_breaks_on_an_entry_the_log_does_not_show(practice: User) -> None:
    entry(practice, at=timezone.now() + timedelta(days=1))
    found, figures = kept("PC-15")
    assert (found, figures["entries_of_the_longest_log"] - figures["entries_shown"]) == (False, 1)


def test_pc_16_breaks_when_the_core_hangs_on_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "core_open", lambda subject_id, *, now: None)
    found, figures = kept("PC-16")
    assert (found, figures["closed_when_withdrawn"]) == (False, False)


def test_pc_24_breaks_on_a_text_that_is_not_what_its_address_says() -> None:
    PublishedText.objects.create(
        sha256="0" * 64, slot="marketing_emails", language="en", number=2, effective_on="2026-11-20", content="title: x\n\nother\n", published_at=timezone.now(),
    )  # fmt: skip
    assert len(kept("PC-24")[1]["texts_not_at_their_address"]) == 1
    assert kept("PC-24")[0] is False


def test_pc_24_breaks_when_the_code_keeps_something_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(RULES, "PC-43", replace(RULES["PC-43"], length=Period(years=2)))
    found, figures = kept("PC-24")
    assert (found, len(figures["figures_that_disagree"])) == (False, len(notices.LANGUAGES))


def test_pc_24_breaks_on_a_text_that_was_not_published() -> None:
    with unguarded("consents_publishedtext") as cursor:
        cursor.execute("delete from consents_publishedtext where slot = 'policy' and number = 1 and language = 'en'")
    assert kept("PC-24")[0] is False


def test_new_01_breaks_when_the_published_key_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "verify", lambda message, signature: False)
    assert kept("NEW-01")[0] is False


def test_new_01_breaks_when_a_changed_receipt_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "verify", lambda message, signature: True)
    found, figures = kept("NEW-01")
    assert (found, figures["forgeries_accepted"]) == (False, figures["receipts_checked"])


def test_a_decision_that_is_not_journaled_cannot_be_measured_as_kept(
    monkeypatch: pytest.MonkeyPatch, practice: User
) -> None:
    monkeypatch.setattr(actions, "record_event", lambda **_: None)
    choose(person(practice.pk), "analytics_product", now=timezone.now())
    assert kept("PC-11")[0] is False
