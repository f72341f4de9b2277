"""What has been decided, by whom, until when: always for one person and one moment."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access import Act
from accounts.closing import Closed
from consents import notices
from consents.models import ConsentEvent, PublishedText
from consents.rules import known
from consents.states import RESULT, Action, Fact, Position, State, ended_at, fold
from consents.suspension import without_suspended
from privacy.clocks import legal_day
from privacy.refusals import Refusal
from privacy.retention import ends
from privacy.retention_rules import RULES, Anchor
from privacy.schedule import in_force

PROOF = RULES["PC-51"]
CORE = "health_data_processing"
CONTRACT = "tos_privacy"
FACT: Final = ("number", "key", "child", "action", "at", "text_number", "policy_number")
"""What the fold reads of an entry, in the order of :class:`~consents.states.Fact`."""
FACTS: Final = f"select {', '.join(FACT)} from consents_consentevent where subject_id = %s and at <= %s order by number"  # noqa: S608 - names of ours
"""Written out once, since each message that leaves asks it twice."""


def states(subject_id: UUID, now: datetime) -> dict[str, State]:
    """The state of each switch of an account at ``now``, folded from the ledger; children as ``key.child``."""
    return fold(facts(subject_id, now))


def facts(subject_id: UUID, now: datetime) -> list[Fact]:
    """What the subject did until ``now``, in order, without the rest of each entry."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [subject_id, now])
        rows: list[Any] = cursor.fetchall()
    return [Fact(number, key, child, Action(action), *rest) for number, key, child, action, *rest in rows]


def is_live(subject_id: UUID, key: str, child: str | None = None, *, now: datetime) -> bool:
    """Whether the ledger says yes at ``now``. Raises UnknownKey.

    A patient's yes also needs somebody who may still speak for the patient: :func:`consents.patients.agreed`.
    """
    known(key, child or "")
    return fold(facts(subject_id, now), notices.slots_beside(key))[notices.slot_of(key, child or "")].on


def live_among(subject_ids: Collection[UUID], key: str, *, now: datetime) -> set[UUID]:
    """Those of ``subject_ids`` who agree to ``key`` at ``now`` and aren't suspended: the same fold, one query. Raises UnknownKey."""
    known(key, "")
    entries = ConsentEvent.objects.filter(subject_id__in=subject_ids, key=key, at__lte=now)
    asked = without_suspended(entries, now).order_by("subject_id", "number")
    each = groupby(asked, key=attrgetter("subject_id"))
    return {
        subject_id for subject_id, own in each if fold((entry.fact for entry in own), notices.slots_beside(key))[key].on
    }


def subjects_on(key: str, *, now: datetime) -> QuerySet[ConsentEvent, UUID]:
    """Ids of those whose last entry on ``key`` says yes and who aren't suspended, for a ``WHERE … IN``. It proves nothing.

    Whoever acts on it asks for a grant of each (``consents.grants.grants_for``). Raises UnknownKey.
    """
    known(key, "")
    entries = ConsentEvent.objects.filter(key=key, child="", at__lte=now)
    later = entries.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    yes = [action for action, position in RESULT.items() if position is Position.ON]
    agreed = entries.filter(~Exists(later), action__in=yes)
    return without_suspended(agreed, now).values_list("subject_id", flat=True)


def history(subject_id: UUID, now: datetime) -> QuerySet[ConsentEvent]:
    """The subject's entries until ``now``, newest first."""
    return ConsentEvent.objects.filter(subject_id=subject_id, at__lte=now).order_by("-number")


def filtered(subject_id: UUID, now: datetime, wanted: Mapping[str, object]) -> QuerySet[ConsentEvent]:
    """The entries that a filter leaves: ``slot``, ``action``, ``since`` and ``until`` (days)."""
    entries = history(subject_id, now)
    if slot := wanted.get("slot"):
        key, _dot, child = str(slot).partition(".")
        entries = entries.filter(key=key, child=child)
    if action := wanted.get("action"):
        entries = entries.filter(action=action)
    if since := wanted.get("since"):
        entries = entries.filter(at__date__gte=since)
    if until := wanted.get("until"):
        entries = entries.filter(at__date__lte=until)
    return entries


def last_entry(subject_id: UUID, key: str) -> UUID | None:
    """The newest entry of this person on ``key``, or None."""
    entries = ConsentEvent.objects.filter(subject_id=subject_id, key=key).order_by("-number")
    return entries.values_list("pk", flat=True).first()


def entry_of(subject_id: UUID, event_id: UUID) -> ConsentEvent | None:
    """One entry of this person's own ledger, or None: another's can't be told from none."""
    return ConsentEvent.objects.select_related("text").filter(subject_id=subject_id, pk=event_id).first()


def core_open(subject_id: UUID, *, now: datetime) -> Refusal | None:
    """None while patient files, consultations and imports are open to this practitioner (PC-16)."""
    if is_live(subject_id, CORE, now=now):
        return None
    return Refusal(
        "core_closed",
        _(
            "Patient files are closed, because “Processing of patients' health data” is off. Nothing was deleted: turn it on under Settings, My data & privacy, and they open again."
        ),
    )


def core_closed(subject_id: UUID, act: Act, now: datetime) -> Closed | None:
    """Why care is closed to somebody who took the acknowledgement back; asked before every act (PC-16)."""
    refusal = core_open(subject_id, now=now) if act is Act.CARE else None
    return Closed(refusal.message, "consents:switches", _("Look at my choices")) if refusal else None


def proof_until(event: ConsentEvent, *, account_ended_at: datetime | None = None) -> date | None:
    """The last day the proof is kept: five years after what it established ended (PC-13).

    None while it still holds. The end of the account ends it at the latest.
    """
    entries = ConsentEvent.objects.filter(subject_id=event.subject_id).order_by("number")
    end = ended_at([entry.fact for entry in entries], event.number)
    moments = [moment for moment in (end, account_ended_at) if moment is not None]
    return last_day_of_proof(min(moments)) if moments else None


def last_day_of_proof(end: datetime) -> date:
    """Five calendar years after the day of ``end`` in Paris (Art. 7(1), PC-51)."""
    return last_day(legal_day(end))


def last_day(ended_on: date) -> date:
    """The last day of a proof whose consent ended on this day; a schedule can lengthen the five years, never shorten them."""
    known = {Anchor.CONSENT_END: ended_on}
    return max(until for rule in (PROOF, in_force().rules[PROOF.id]) if (until := ends(rule, known).until))


def published(address: str) -> PublishedText | None:
    """The text at this address, as it was published."""
    return PublishedText.objects.filter(sha256=address).first()


def policies(language: str) -> list[PublishedText]:
    """The versions of the policy, newest first; one prepared for later comes on top (PC-24)."""
    return versions(notices.POLICY, language)


def versions(slot: str, language: str) -> list[PublishedText]:
    """The versions of a text, newest first; one prepared for later comes on top. English stands in for a language we lack."""
    held = language if language in notices.LANGUAGES else notices.LANGUAGES[0]
    return list(PublishedText.objects.filter(slot=slot, language=held).order_by("-number"))


def latest(language: str, size: int) -> list[PublishedText]:
    """What was published last, of all texts, newest first."""
    found = PublishedText.objects.filter(language=language)
    return list(found.order_by("-published_at", "-effective_on", "slot", "-number")[:size])
