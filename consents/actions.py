"""Every write of the ledger and of the texts, with its journal line in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from consents import hooks, notices, stopping
from consents.models import ConsentEvent, PublishedText
from consents.rules import Authority, Choice, known, why_not_decide
from consents.states import Action, Fact, State, children_of, fold, move
from privacy.clocks import legal_day
from privacy.patient_keys import EVERY_KEY
from privacy.refusals import Refused

LOCK_CLASS = 0x636F6E73
"""Keeps our advisory locks apart from those of other tables."""

USER_AGENT_LENGTH = 200
WITH_POLICY = frozenset({"tos_privacy"})
"""What is agreed to together with the policy: agreeing again to a newer policy is an act of its own (MD-13)."""

ENTRY_FIELDS = ConsentEvent._meta.concrete_fields

READ_UNDER_LOCK = """
select pg_advisory_xact_lock(%s, %s);
select number, key, child, action, at, text_number, policy_number from consents_consentevent
where subject_id = %s order by number
"""


@dataclass(frozen=True, slots=True)
class Control:
    """What was acted on: its kind, its state when it was shown, and the words on it (PC-11)."""

    element: str = "button"
    default: str = "none"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a choice: the entry that holds now, and whether this act wrote it."""

    event_id: UUID | None
    state: State
    changed: bool


@transaction.atomic
def decide(
    *,
    subject_id: UUID,
    key: str,
    child: str | None = None,
    on: bool,
    by: Actor,
    language: str,
    channel: str,
    now: datetime,
    text: str | None = None,
    control: Control = Control(),
    authority: Authority | None = None,
    controller_id: UUID | None = None,
    lapsed: bool = False,
) -> Decision:
    """Write one decision of ``subject_id`` on a switch, with its journal line (PC-11, PC-12).

    ``text`` is the address of the wording that was on the page; without it the one in force counts.
    The same choice twice writes once, also when two come at the same moment. What follows above
    (:mod:`consents.hooks`) happens in the same transaction. A patient's choice names the practice it is made towards
    (``controller_id``); ``lapsed`` says that the yes on record doesn't count any more, so that a new one replaces it. Raises
    :class:`~consents.rules.UnknownKey` and :class:`~privacy.refusals.Refused`.
    """
    known(key, child or "")
    choice = Choice(subject_id, key, child or "", on, authority, controller_id)
    facts = facts_under_lock(subject_id)
    states = fold(facts, notices.slots_beside(key))
    refusal = why_not_decide(choice, by=by, states=states, stale=_is_stale(choice.slot, text, now))
    if refusal is not None:
        raise Refused(refusal)
    read = _text_read(choice.slot, text, language, now)
    policy = notices.in_force(notices.POLICY, read.language, legal_day(now)).number
    agreed = policy if choice.slot in WITH_POLICY else 0
    act = move(states[choice.slot], on=on, text_number=read.number, policy_number=agreed)
    act = act or (Action.RENEWED if lapsed and on else None)
    if act is None:
        return Decision(None, states[choice.slot], changed=False)
    event = ConsentEvent(
        **_what(choice, facts, states[choice.slot], act),
        **_words(read, control, policy),
        at=now,
        actor_id=by.account_id,
        actor_role=by.role,
        channel=channel,
    )
    _append(event, by, now)
    if act is Action.WITHDRAWN:
        stopping.begin(event, _taken_along(choice, states), now)
    for follow in hooks.on_decision[choice.key]:
        follow(subject_id=subject_id, child=choice.child, on=on, by=by, now=now)
    return Decision(event.pk, fold([*facts, event.fact])[choice.slot], changed=True)


@transaction.atomic
def publish_texts(*, by: Actor, now: datetime) -> int:
    """Add the texts on file that aren't published yet, future ones included; the number added.

    Raises :class:`ValueError` when a file differs from what was published under its day: a text is
    never edited, a new wording is a new file (PC-24).
    """
    published = {
        (row.slot, row.language, row.effective_on): row.sha256 for row in PublishedText.objects.defer("content")
    }
    added = 0
    for text in notices.catalogue():
        address = published.get((text.slot, text.language, text.effective_on))
        if address is not None and address != text.sha256:
            raise ValueError(
                f"{text.slot} of {text.effective_on} ({text.language}) was changed after it was"
                " published; put it back, and write the new wording as a file of a new day"
            )
        if address is None:
            _publish(text, by, now)
            added += 1
    return added


def _publish(text: notices.Text, by: Actor, now: datetime) -> None:
    row = PublishedText.objects.create(
        sha256=text.sha256,
        slot=text.slot,
        language=text.language,
        number=text.number,
        effective_on=text.effective_on,
        content=text.content,
        published_at=now,
    )
    record_event(
        by=by,
        verb="consents.text.published",
        object_type="consents.PublishedText",
        object_id=row.pk,
        detail={"slot": text.slot, "language": text.language, "number": text.number},
        now=now,
    )


def facts_under_lock(subject_id: UUID) -> list[Fact]:
    """The subject's entries, after every other decision of theirs has been committed.

    Two statements in one trip: each takes its own snapshot, so that the reading sees what the lock
    waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute(READ_UNDER_LOCK, [LOCK_CLASS, lock_of(subject_id), subject_id])
        cursor.nextset()
        return [
            Fact(number, key, child, Action(action), *rest) for number, key, child, action, *rest in cursor.fetchall()
        ]


def lock_of(subject_id: UUID) -> int:
    """The number of the advisory lock that a subject's decisions are written under."""
    return int.from_bytes(subject_id.bytes[-4:], signed=True)


def _taken_along(choice: Choice, states: Mapping[str, State]) -> list[str]:
    """The switches below it that go off with it."""
    return [] if choice.child else [slot for slot in children_of(choice.key) if states[slot].on]


def _text_read(slot: str, address: str | None, language: str, now: datetime) -> notices.Text:
    """The wording that was on the page; the one in force where the page named none of this switch."""
    found = notices.of_hash(address) if address else None
    if found is not None and found.slot == slot:
        return found
    return notices.in_force(slot, language, legal_day(now))


def _is_stale(slot: str, address: str | None, now: datetime) -> bool:
    """Whether the page showed another wording than one in force."""
    held = {notices.in_force(slot, language, legal_day(now)).sha256 for language in notices.LANGUAGES}
    return address is not None and address not in held


def _what(choice: Choice, facts: list[Fact], before: State, act: Action) -> dict[str, Any]:
    """The fields of an entry that say what was chosen, by whose right."""
    authority = choice.authority or Authority("", "")
    return {
        "subject_id": choice.subject_id,
        "controller_id": choice.controller_id,
        "number": (facts[-1].number if facts else 0) + 1,
        "key": choice.key,
        "child": choice.child,
        "kind": EVERY_KEY[choice.key].kind.value,
        "action": act.value,
        "previous_state": before.position.value,
        "authority": authority.kind,
        "authority_reference": authority.reference,
    }


def _words(read: notices.Text, control: Control, policy_number: int) -> dict[str, Any]:
    """The fields of an entry that say what was on the page (PC-11)."""
    return {
        "policy_number": policy_number,
        "text_id": read.sha256,
        "text_number": read.number,
        "language": read.language,
        "control": control.element,
        "control_default": control.default,
        "control_label": control.label,
    }


def _append(event: ConsentEvent, by: Actor, now: datetime) -> None:
    """The entry and where it came from in one statement, then its journal line."""
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in ENTRY_FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_append_sql(), [*values, now, by.ip, by.user_agent[:USER_AGENT_LENGTH]])
    record_event(
        by=by,
        verb=f"consents.{event.action}",
        object_type="consents.ConsentEvent",
        object_id=event.pk,
        subject_id=event.subject_id,
        practice_id=by.practice_id,
        detail={"switch": event.slot, "text": event.text_number},
        now=now,
    )


@cache
def _append_sql() -> str:
    """One trip for two rows: a decision is bound by the trips to the database it takes."""
    columns = ", ".join(str(field.column) for field in ENTRY_FIELDS)
    marks = ", ".join(["%s"] * len(ENTRY_FIELDS))
    return f"""
    with entry as (insert into consents_consentevent ({columns}) values ({marks}) returning id)
    insert into consents_eventorigin (event_id, at, ip, user_agent, leaf)
    select id, %s::timestamptz, %s::inet, %s, '' from entry
    """  # noqa: S608 - the columns of our own model
