"""Every write of the breach register. Each adds one fact, numbered under a lock, and one line in the event journal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from accounts.actions import mark_compromised
from accounts.mails import Occasion, keep_book
from accounts.models import User
from accounts.sessions import end_all
from audit.actions import record_event
from audit.actors import Actor
from care.models import Membership
from care.tenancy import ALL, scope
from lifecycle.breaches import mails, queries, rules
from lifecycle.breaches.queries import Breach, Kind
from lifecycle.models import BreachEvent, BreachNotice
from lifecycle.models.breaches import Risk
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import require
from records.models import PatientFile
from vault import access
from vault.errors import NoKey, VaultError

Whom = BreachNotice.Whom
LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"


@transaction.atomic
def open_breach(
    *, nature: str, aware_at: datetime, began_at: datetime | None = None, by: Actor, now: datetime
) -> Breach:
    """Enter a breach; its 72 hours run from ``aware_at`` on. Raises Refused with what to do."""
    require(rules.why_not_open(nature, aware_at, began_at, now))
    breach_id = new_id()
    key = access.new_file(file_id=breach_id, by=by, practice_id=None, purpose=Purpose.LEGAL, now=now)
    facts = {"aware_at": _iso(aware_at), "began_at": _iso(began_at) if began_at else ""}
    event = BreachEvent(id=new_id(), breach_id=breach_id, number=1, kind=Kind.OPENED, at=now, facts=facts)
    event.actor_id, event.actor_role = by.account_id, by.role
    key.write(event, said={"nature": nature.strip()})
    event.save(force_insert=True)
    _journal(event, by, now)
    return queries.breach(breach_id)


@transaction.atomic
def add_scope(
    *, breach_id: UUID, since: datetime, until: datetime, actor_id: UUID | None = None, session_ref: str = "",
    ip: str = "", by: Actor, now: datetime,
) -> Breach:  # fmt: skip
    """Say by whom and when files may have been read: all that is given holds together, and scopes add up."""
    one = _locked(breach_id)
    named = {"actor_id": str(actor_id or ""), "session_ref": session_ref, "ip": ip}
    require(rules.why_not_scope(one, named, since, until))
    return _add(one, Kind.SCOPED, {**named, "since": _iso(since), "until": _iso(until)}, {}, by, now)


@transaction.atomic
def decide(
    *, breach_id: UUID, risk: str, why: str, consequences: str = "", measures: str = "", by: Actor, now: datetime
) -> Breach:
    """Decide on the risk, with its reason; a later decision stands beside the earlier one."""
    one = _locked(breach_id)
    require(rules.why_not_decide(one, risk, why))
    with scope(ALL):
        found = queries.touched(one)
    facts = {"risk": risk, "people": len(found.files), "accounts": len(found.accounts)}
    said = {"why": why.strip(), "consequences": consequences.strip(), "measures": measures.strip()}
    return _add(one, Kind.DECIDED, facts, said, by, now)


@transaction.atomic
def authority_told(*, breach_id: UUID, reference: str, delay: str = "", by: Actor, now: datetime) -> Breach:
    """Note that the notification was filed, under which number, and after 72 hours why so late."""
    one = _locked(breach_id)
    require(rules.why_not_tell_authority(one, reference, delay, now))
    facts = {"late": now > one.deadline}
    return _add(one, Kind.AUTHORITY, facts, {"reference": reference.strip(), "delay": delay.strip()}, by, now)


@transaction.atomic
def ask_for_passwords(*, breach_id: UUID, by: Actor, now: datetime) -> int:
    """End the sessions of the accounts that were used, and want a new password at their next sign-in; returns how many."""
    one = _locked(breach_id)
    require(rules.why_not_go_on(one))
    with scope(ALL):
        accounts = queries.touched(one).accounts
    users = list(User.objects.select_for_update().filter(pk__in=accounts, is_active=True).order_by("pk"))
    for user in users:
        mark_compromised(user=user, by=by, now=now)
        end_all(user)
    _add(one, Kind.PASSWORDS, {"accounts": len(users)}, {}, by, now)
    return len(users)


def tell_people(*, breach_id: UUID, by: Actor, now: datetime) -> dict[str, dict[str, int]]:
    """Tell whoever wasn't told yet; each once, whatever breaks off in between. Returns the counts of all notices.

    Patients are written to where the decision says high risk (Art. 34(1)), practitioners as controllers always
    (Art. 33(2)), and the holders of the accounts that were used. Raises Refused.
    """
    with transaction.atomic(), scope(ALL):
        one = _locked(breach_id)
        require(rules.why_not_go_on(one))
        _enter_notices(one, now)
    waiting = BreachNotice.objects.filter(breach_id=breach_id, sent_at=None, by_post=False)
    for notice_id in list(waiting.order_by("pk").values_list("pk", flat=True)):
        _send(notice_id, one, by, now)
    counts = queries.notices(breach_id)
    with transaction.atomic():
        return_to = _locked(breach_id)
        _add(return_to, Kind.PEOPLE, {"notices": counts}, {}, by, now)
    return counts


@transaction.atomic
def close_breach(*, breach_id: UUID, why: str, by: Actor, now: datetime) -> Breach:
    """Close it: nothing is added any more. Raises Refused while anybody waits for a notice or a decision."""
    one = _locked(breach_id)
    waiting = BreachNotice.objects.filter(breach_id=breach_id, sent_at=None, by_post=False).count()
    require(rules.why_not_close(one, why, waiting))
    return _add(one, Kind.CLOSED, {}, {"why": why.strip()}, by, now)


def said_of(one: Breach, *, by: Actor, now: datetime) -> dict[str, str]:
    """What the office wrote, the latest of each; the reading is journaled. Nothing once the key died at the end of its term."""
    found: dict[str, str] = {}
    with transaction.atomic():
        try:
            key = access.open(one.id, by=by, purpose=Purpose.LEGAL, part="breach", practice_id=None, now=now)
        except NoKey:
            return found
        for event in one.events:
            found |= {name: text for name, text in (key.read(event, "said") or {}).items() if text}
    return found


def _enter_notices(one: Breach, now: datetime) -> None:
    found = queries.touched(one)
    members = Membership.objects.live().filter(practice_id__in=found.practices).values_list("user_id", flat=True)
    whom: dict[str, list[UUID]] = {Whom.HOLDER: found.accounts, Whom.CONTROLLER: sorted(set(members))}
    if one.risk == Risk.HIGH:
        whom[Whom.PATIENT] = found.files
    BreachNotice.objects.bulk_create(
        (
            BreachNotice(id=new_id(), breach_id=one.id, whom=kind, subject_id=subject, due_at=now)
            for kind, subjects in whom.items()
            for subject in subjects
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def _send(notice_id: UUID, one: Breach, by: Actor, now: datetime) -> None:
    """Have one notice sent, under its lock; a second message for it is the first. That it was sent is written when it left."""
    rows = BreachNotice.objects.select_for_update(skip_locked=True).filter(pk=notice_id, sent_at=None, by_post=False)
    notice = rows.first()
    if notice is None:
        return
    with scope(ALL):
        to = _patient(notice.subject_id, by, now) if notice.whom == Whom.PATIENT else _holder(notice.subject_id)
    if to is None:
        notice.by_post = True
        notice.save(update_fields=["by_post"])
    else:
        mails.notice(notice.pk, whom=notice.whom, to=to[0], language=to[1], aware_at=one.aware_at)


def _sent(about: Sequence[str], now: datetime) -> None:
    BreachNotice.objects.filter(pk=about[0], sent_at=None).update(sent_at=now)


keep_book(Occasion(mails.OCCASION, _sent))


def _holder(account_id: UUID) -> tuple[User | str, str] | None:
    user = User.objects.filter(pk=account_id, is_active=True).first()
    return (user, user.language) if user else None


def _patient(file_id: UUID, by: Actor, now: datetime) -> tuple[User | str, str] | None:
    """Where the patient is written to; None without an address, and for a file that is gone."""
    file = PatientFile.objects.select_related("practice").filter(pk=file_id).first()
    if file is None:
        return None
    try:
        key = access.open(
            file.pk, by=by, purpose=Purpose.LEGAL, part="breach", practice_id=file.practice_id, now=now,
            action="notify", from_archive=True, despite_restriction=True,
        )  # fmt: skip
    except VaultError:
        return None
    address = key.read(file, "email")
    return (address, "fr" if file.practice.jurisdiction == "FR" else "en") if address else None


def _locked(breach_id: UUID) -> Breach:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [str(breach_id)])
    return queries.breach(breach_id)


def _add(one: Breach, kind: str, facts: Mapping[str, Any], said: Mapping[str, str], by: Actor, now: datetime) -> Breach:
    last = BreachEvent.objects.filter(breach_id=one.id).aggregate(last=Max("number"))["last"]
    event = BreachEvent(id=new_id(), breach_id=one.id, number=last + 1, kind=kind, at=now, facts=dict(facts))
    event.actor_id, event.actor_role = by.account_id, by.role
    if any(said.values()):
        key = access.open(
            one.id, by=by, purpose=Purpose.LEGAL, part="breach", practice_id=None, now=now, action="change"
        )
        key.write(event, said={name: text for name, text in said.items() if text})
    event.save(force_insert=True)
    _journal(event, by, now)
    return queries.breach(one.id)


def _journal(event: BreachEvent, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"lifecycle.breach.{event.kind}", object_type=BreachEvent._meta.label, object_id=event.pk,
        detail={"number": event.number}, now=now,
    )  # fmt: skip


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
