"""Every write of the ledger and of the texts, with its journal line in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from consents import notices
from consents.models import ConsentEvent, EventOrigin, PublishedText
from consents.rules import Authority, Refused, known, why_not_decide
from consents.states import Action, Fact, State, fold, move
from privacy.clocks import legal_day

LOCK_CLASS = 0x636F6E73
"""Keeps our advisory locks apart from those of other tables."""

READ_UNDER_LOCK = """
select pg_advisory_xact_lock(%s, %s);
select number, key, child, action, at, text_number from consents_consentevent
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
) -> Decision:
    """Write one decision of ``subject_id`` on a switch, with its journal line (PC-11, PC-12).

    ``text`` is the address of the wording that was on the page; without it the one in force counts.
    The same choice twice writes once, also when two come at the same moment. Raises
    :class:`~consents.rules.UnknownKey` and :class:`~consents.rules.Refused`.
    """
    law = known(key, child or "")
    slot = notices.slot_of(key, child or "")
    shown = notices.in_force(slot, language, legal_day(now))
    facts = _facts_under_lock(subject_id)
    states = fold(facts)
    refusal = why_not_decide(
        subject_id=subject_id,
        key=key,
        child=child or "",
        on=on,
        by=by,
        authority=authority,
        shown=text,
        in_force=_addresses(slot, now),
        states=states,
    )
    if refusal is not None:
        raise Refused(refusal)
    act = move(states[slot], on=on, text_number=shown.number)
    if act is None:
        return Decision(None, states[slot], changed=False)
    event = ConsentEvent(
        subject_id=subject_id,
        number=(facts[-1].number if facts else 0) + 1,
        key=key,
        child=child or "",
        kind=law.kind.value,
        action=act.value,
        previous_state=states[slot].position.value,
        at=now,
        actor_id=by.account_id,
        actor_role=by.role,
        authority=authority.kind if authority else "",
        authority_reference=authority.reference if authority else "",
        policy_number=notices.in_force(notices.POLICY, language, legal_day(now)).number,
        text_id=text or shown.sha256,
        text_number=shown.number,
        language=shown.language,
        channel=channel,
        control=control.element,
        control_default=control.default,
        control_label=control.label,
    )
    _append(event, by, now)
    return Decision(event.pk, fold([*facts, event.fact])[slot], changed=True)


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


def _facts_under_lock(subject_id: UUID) -> list[Fact]:
    """The subject's entries, after every other decision of theirs has been committed.

    Two statements in one trip: each takes its own snapshot, so that the reading sees what the lock
    waited for.
    """
    lock = int.from_bytes(subject_id.bytes[-4:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute(READ_UNDER_LOCK, [LOCK_CLASS, lock, subject_id])
        cursor.nextset()
        return [
            Fact(number, key, child, Action(action), at, text_number)
            for number, key, child, action, at, text_number in cursor.fetchall()
        ]


def _addresses(slot: str, now: datetime) -> frozenset[str]:
    day = legal_day(now)
    return frozenset(notices.in_force(slot, language, day).sha256 for language in notices.LANGUAGES)


def _append(event: ConsentEvent, by: Actor, now: datetime) -> None:
    event.save(force_insert=True)
    EventOrigin.objects.create(event_id=event.pk, at=now, ip=by.ip, user_agent=by.user_agent)
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
