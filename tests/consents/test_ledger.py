"""The ledger in PostgreSQL: complete entries, one at a time, for good (PC-09, PC-11, PC-12, PC-13, PC-14)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from audit import evidence
from audit.actors import Actor
from audit.models import EventEntry
from consents import actions, notices, queries
from consents.models import ConsentEvent, EventOrigin, Stop
from consents.rules import Authority, UnknownKey
from consents.states import Position
from praticonnect.database import as_owner
from privacy.consent_keys import KEYS, Kind
from privacy.ids import new_id
from privacy.refusals import Refused
from tests.consents.factories import NOON, choose, person

PARENT = "third_party_integrations"


@pytest.mark.django_db
def test_an_entry_holds_all_that_the_promise_names() -> None:
    by = person()
    choose(by, "marketing_emails", language="fr", control=actions.Control("switch", "off", "Éteint"))
    event = ConsentEvent.objects.get(subject_id=by.account_id)
    text = notices.in_force("marketing_emails", "fr", date(2026, 11, 18))
    assert {name: getattr(event, name) for name in (
        "number", "key", "child", "kind", "action", "previous_state", "at", "actor_id", "actor_role", "authority",
        "policy_number", "text_id", "text_number", "language", "channel", "control", "control_default", "control_label",
    )} == {
        "number": 1, "key": "marketing_emails", "child": "", "kind": "consent", "action": "given", "previous_state": "not chosen",
        "at": NOON, "actor_id": by.account_id, "actor_role": "practitioner", "authority": "", "policy_number": 2,
        "text_id": text.sha256, "text_number": 1, "language": "fr", "channel": "web", "control": "switch",
        "control_default": "off", "control_label": "Éteint",
    }  # fmt: skip
    assert event.text.content == text.content


@pytest.mark.django_db
def test_address_and_browser_are_kept_apart_by_month_for_a_year() -> None:
    by = person()
    decision = choose(by, "marketing_emails")
    origin = EventOrigin.objects.get(event_id=decision.event_id)
    assert (origin.ip, origin.user_agent, origin.at) == ("192.0.2.7", "Test", NOON)
    assert {"ip", "user_agent"}.isdisjoint(field.name for field in ConsentEvent._meta.get_fields())
    with connection.cursor() as cursor:
        cursor.execute("select pg_get_partkeydef('consents_eventorigin'::regclass)")
        assert cursor.fetchone() == ("RANGE (written_at)",)
    assert evidence.of_table("consents_eventorigin").keep_months == 12


@pytest.mark.django_db
def test_an_entry_and_its_journal_line_are_written_together() -> None:
    by = person()
    decision = choose(by, "marketing_emails")
    line = EventEntry.objects.get(object_id=str(decision.event_id))
    assert (line.verb, line.subject_id, line.actor_id, line.detail) == (
        "consents.given",
        by.account_id,
        by.account_id,
        {"switch": "marketing_emails", "text": 1},
    )


@pytest.mark.django_db
def test_without_its_journal_line_no_entry_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: Any) -> None:
        raise DatabaseError("journal away")

    monkeypatch.setattr(actions, "record_event", fails)
    by = person()
    with pytest.raises(DatabaseError, match="journal away"):
        choose(by, "marketing_emails")
    assert (ConsentEvent.objects.filter(subject_id=by.account_id).count(), EventOrigin.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_the_same_choice_twice_is_written_once() -> None:
    by = person()
    first, second = choose(by, "marketing_emails"), choose(by, "marketing_emails", now=NOON + timedelta(hours=1))
    assert (first.changed, second.changed, second.state) == (True, False, first.state)
    assert ConsentEvent.objects.filter(subject_id=by.account_id).count() == 1


@pytest.mark.django_db
def test_an_explicit_no_is_written_as_a_refusal() -> None:
    by = person()
    choose(by, "public_directory_listing", on=False)
    event = ConsentEvent.objects.get(subject_id=by.account_id)
    assert (event.action, event.previous_state) == ("refused", "not chosen")


@pytest.mark.django_db
@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_given_and_taken_back_by_one_act_each(key: str) -> None:
    by = person()
    on = choose(by, key)
    off = choose(by, key, on=False, now=NOON + timedelta(seconds=1))
    assert [on.state.on, off.state.on] == [True, False]
    assert list(ConsentEvent.objects.filter(subject_id=by.account_id).order_by("number").values_list("action", "kind")) == [
        ("given", KEYS[key].kind), ("withdrawn", KEYS[key].kind),
    ]  # fmt: skip


def test_the_eight_keys_are_of_four_kinds() -> None:
    assert [kind.value for kind in (KEYS[key].kind for key in KEYS)] == [
        "acceptance", "acknowledgement", "consent", "consent", "consent", "consent", "authorisation", "consent",
    ]  # fmt: skip
    assert len(Kind) == 4


@pytest.mark.django_db
def test_nothing_is_on_before_an_act() -> None:
    assert {state.position for state in queries.states(new_id(), NOON).values()} == {Position.UNSET}


@pytest.mark.django_db
def test_a_choice_holds_from_its_moment_on() -> None:
    by = person()
    choose(by, "marketing_emails")
    live = [
        queries.is_live(by.account_id, "marketing_emails", now=NOON + timedelta(seconds=shift)) for shift in (-1, 0, 1)
    ]
    assert live == [False, True, True]


@pytest.mark.django_db
def test_an_integration_waits_for_its_parent_and_goes_with_it() -> None:
    by = person()
    with pytest.raises(Refused, match="Turn on “Integrations with other services” first"):
        choose(by, PARENT, child="google")
    choose(by, PARENT)
    choose(by, PARENT, child="google")
    choose(by, PARENT, on=False, now=NOON + timedelta(seconds=1))
    states = queries.states(by.account_id, NOON + timedelta(seconds=1))
    assert (states[f"{PARENT}.google"].on, states[f"{PARENT}.google"].by_parent) == (False, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "child", "message"),
    [
        ("newsletter", "", "There is no key 'newsletter'. The keys are: tos_privacy, health_data_processing"),
        (
            PARENT,
            "fax",
            "third_party_integrations has no integration 'fax'. It has: scell, viva, google, livekit, mistral, assemblyai",
        ),
        ("marketing_emails", "google", "marketing_emails has no integrations"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(key: str, child: str, message: str) -> None:
    with pytest.raises(UnknownKey, match=message):
        choose(person(), key, child=child)


@pytest.mark.django_db
def test_a_stranger_cannot_decide_and_a_guardian_can_with_a_reference() -> None:
    by, child = person(), new_id()
    with pytest.raises(Refused, match="belongs to somebody else"):
        choose(by, "marketing_emails", subject_id=child)
    choose(by, "marketing_emails", subject_id=child, authority=Authority("parent", "file 12"))
    event = ConsentEvent.objects.get(subject_id=child)
    assert (event.actor_id, event.authority, event.authority_reference) == (by.account_id, "parent", "file 12")


@pytest.mark.django_db
def test_a_program_cannot_decide() -> None:
    with pytest.raises(Refused, match="Only a person can decide"):
        choose(Actor.system("sweep"), "marketing_emails", subject_id=new_id())


@pytest.mark.django_db
def test_a_yes_to_words_no_longer_in_force_is_refused_and_a_no_is_not() -> None:
    by, old = person(), notices.in_force("policy", "en", date(2026, 6, 1)).sha256
    with pytest.raises(Refused, match="The text has changed since you opened this page"):
        choose(by, "marketing_emails", text=old)
    choose(by, "marketing_emails")
    choose(by, "marketing_emails", on=False, text=old, now=NOON + timedelta(seconds=1))
    proof = ConsentEvent.objects.get(subject_id=by.account_id, number=2)
    assert (proof.action, proof.text_id) == (
        "withdrawn",
        notices.in_force("marketing_emails", "en", date(2026, 11, 18)).sha256,
    )


@pytest.mark.django_db
def test_words_that_were_never_published_cannot_be_the_proof() -> None:
    by = person()
    choose(by, "marketing_emails")
    event = ConsentEvent.objects.get(subject_id=by.account_id)
    event.pk, event.number, event.text_id = new_id(), 2, "0" * 64

    def forge() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            event.save(force_insert=True)
            cursor.execute("set constraints all immediate")

    with pytest.raises(DatabaseError, match="text_sha256"):
        forge()


STATEMENTS = [
    "update consents_consentevent set key = key",
    "delete from consents_consentevent",
    "truncate consents_consentevent cascade",
    "update consents_eventorigin set user_agent = ''",
    "delete from consents_eventorigin",
    "truncate consents_eventorigin cascade",
]


@pytest.mark.django_db
@pytest.mark.parametrize("sql", STATEMENTS)
@pytest.mark.parametrize("owner", [False, True])
def test_entries_refuse_every_change_in_postgresql_itself(sql: str, owner: bool) -> None:
    choose(person(), "marketing_emails")
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    message = "evidence only grows" if owner or "truncate" not in sql else "evidence only grows|permission denied"

    def attack() -> None:
        with pytest.raises(DatabaseError, match=message), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    if owner:
        with as_owner():
            attack()
    else:
        attack()


@pytest.mark.django_db
def test_the_proof_stays_five_calendar_years_after_the_yes_ended() -> None:
    by = person()
    choose(by, "marketing_emails")
    event = ConsentEvent.objects.get(subject_id=by.account_id)
    assert queries.proof_until(event) is None
    choose(by, "marketing_emails", on=False, now=datetime.fromisoformat("2028-02-29T12:00:00+01:00"))
    assert queries.proof_until(event) == date(2033, 2, 28)


@pytest.mark.django_db
def test_the_end_of_the_account_starts_the_clock_of_what_still_held() -> None:
    by = person()
    choose(by, "marketing_emails")
    event = ConsentEvent.objects.get(subject_id=by.account_id)
    assert queries.proof_until(event, account_ended_at=datetime.fromisoformat("2027-01-31T23:30:00+00:00")) == date(
        2032, 2, 1
    )


@pytest.mark.django_db
def test_the_proof_outlives_the_account() -> None:
    assert [field.name for field in ConsentEvent._meta.get_fields() if field.is_relation] == ["text"]


CLEANING = {
    "consents_eventorigin": "delete from consents_eventorigin where event_id in"
    " (select id from consents_consentevent where subject_id = %s)",
    "audit_evententry": "delete from audit_evententry where subject_id = %s",
    "consents_consentevent": "delete from consents_consentevent where subject_id = %s",
}


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Actor]:
    """A person whose entries are really committed; taken away afterwards with the owner's rights."""
    by = person()
    with django_db_blocker.unblock():
        yield by
        with as_owner(), connection.cursor() as cursor:
            for table, sql in CLEANING.items():
                cursor.execute(f"alter table {table} disable trigger user")
                cursor.execute(sql, [by.account_id])
                for trigger in ("audit_append", "audit_refuse", "audit_keep"):
                    cursor.execute(f"alter table {table} enable always trigger {trigger}")
        Stop.objects.filter(subject_id=by.account_id).delete()
        connection.close()


def test_two_clicks_at_the_same_moment_write_one_entry(committed: Actor) -> None:
    barrier = Barrier(8)

    def click(_: int) -> bool:
        try:
            barrier.wait(10)
            return choose(committed, "marketing_emails").changed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        changed = list(pool.map(click, range(8)))
    assert (sum(changed), ConsentEvent.objects.filter(subject_id=committed.account_id).count()) == (1, 1)


def test_many_choices_at_once_leave_numbers_without_a_gap(committed: Actor) -> None:
    keys = [key for key in KEYS if KEYS[key].kind is Kind.CONSENT]

    def flip(step: int) -> None:
        try:
            choose(committed, keys[step % len(keys)], on=step % 2 == 0)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(flip, range(40)))
    numbers = list(
        ConsentEvent.objects.filter(subject_id=committed.account_id).order_by("number").values_list("number", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= len(keys)


class Ledger(RuleBasedStateMachine):
    """Any sequence of choices: the fold equals a model, and the ledger only grows (invariant 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.by = person()
        self.now = NOON
        self.model: dict[str, bool] = dict.fromkeys(notices.slots(), False)
        self.kept: list[UUID] = []

    @rule(slot=st.sampled_from(notices.slots()), on=st.booleans(), minutes=st.integers(0, 3))
    def decide(self, slot: str, on: bool, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        key, _dot, child = slot.partition(".")
        if on and child and not self.model[key]:
            with pytest.raises(Refused):
                choose(self.by, key, on, child=child, now=self.now)
            return
        choose(self.by, key, on, child=child, now=self.now)
        self.model[slot] = on
        if slot == PARENT and not on:
            self.model.update((one, False) for one in self.model if one.startswith(f"{PARENT}."))

    @invariant()
    def state_equals_the_model(self) -> None:
        assert {slot: state.on for slot, state in queries.states(self.by.account_id, self.now).items()} == self.model

    @invariant()
    def ledger_only_grows(self) -> None:
        entries = list(ConsentEvent.objects.filter(subject_id=self.by.account_id).order_by("number"))
        assert [event.pk for event in entries][: len(self.kept)] == self.kept
        assert [event.number for event in entries] == list(range(1, len(entries) + 1))
        self.kept = [event.pk for event in entries]


@pytest.mark.django_db
def test_any_sequence_of_choices_keeps_the_ledger_true() -> None:
    quick = settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Ledger, settings=quick)
