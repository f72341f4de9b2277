"""What a patient decides about their file at one practice: the write, and whether a yes counts now (MD-10, MD-11).

The ledger keeps every act for good. A yes counts only while whoever gave it may still speak for the patient: by a live link
of the patient, or of a guardian of a child, that opens the part ``privacy``. So a guardian's yes ends with the 18th birthday, and
everybody's with the closing of their account, to the second and without a sweep. Call inside the scope of the practice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from care.models import Capacity, CareRelationship, PortalLink, PortalPart
from consents import queries
from consents.actions import Control, Decision, decide, facts_under_lock
from consents.models import ConsentEvent
from consents.rules import Authority, known
from consents.states import State, fold
from consents.suspension import suspended
from privacy.patient_keys import GOES_WITH, PATIENT_KEYS
from privacy.refusals import Refusal, Refused

MAY_DECIDE: Final = (Capacity.SELF, Capacity.GUARDIAN)
"""Whose rights these are. A person of trust reads what is shared, and decides nothing."""
ROLES: Final = {Capacity.SELF.value: "patient", Capacity.GUARDIAN.value: "guardian"}
OVER: Final = tuple(PATIENT_KEYS)

NOT_YOURS: Final = Refusal(
    "no_link", _("This link doesn't let you decide for the patient, or it has ended. Nothing was changed.")
)
LEAVING: Final = Refusal(
    "leaving",
    _("The closing of your account is requested, so nothing new is allowed. Keep the account first, then choose."),
)
NO_AGREEMENT: Final = Refusal("no_patient", _("The patient hasn't agreed to it, or has withdrawn."))
NOT_TREATED: Final = Refusal("not_treated", _("This practitioner doesn't treat this patient."))
LEFT_ALONE: Final = Refusal(
    "left_alone", _("The file is restricted, archived or on its way out: nothing optional is done with it.")
)

NOTHING_NEW: Final = Refusal(
    "nothing_new",
    _(
        "The use of this file is restricted, or the file is in the archive: nothing new is allowed in it for now."
        " What you allowed stays as it is, and you may take it back."
    ),
)

LeftAlone = Callable[[UUID, datetime], bool]
left_alone_when: list[LeftAlone] = []
"""Reasons to do nothing optional with a file, registered from above (its restriction, the archive)."""


def leave_alone_when(reason: LeftAlone) -> None:
    """Have ``reason(file_id, now)`` asked before any grant about a file. Registering it twice keeps one."""
    if reason not in left_alone_when:
        left_alone_when.append(reason)


@dataclass(frozen=True, slots=True)
class Wish:
    """One of the patient's four: what the ledger says, the entry behind it, and whether it counts now."""

    key: str
    state: State
    event: ConsentEvent | None
    counts: bool

    @property
    def lapsed(self) -> bool:
        """A yes whose giver may not speak for the patient any more."""
        return self.state.on and not self.counts


def why_not_by(link: PortalLink, account_id: UUID | None, now: datetime) -> Refusal | None:
    """Why nobody decides for the patient by this link, or None: one's own live link, as the patient or a guardian."""
    live = link.since_at <= now and (link.until_at is None or link.until_at > now)
    speaks = link.capacity in MAY_DECIDE and link.opens(PortalPart.PRIVACY)
    return None if live and speaks and link.account_id == account_id else NOT_YOURS


def why_nothing_new(file_id: UUID, now: datetime) -> Refusal | None:
    """Why nobody says yes to anything about the file now, or None; taking back is always possible (Art. 7(3))."""
    return NOTHING_NEW if any(reason(file_id, now) for reason in left_alone_when) else None


@transaction.atomic
def decide_by_link(
    *,
    link: PortalLink,
    key: str,
    on: bool,
    by: Actor,
    language: str,
    now: datetime,
    control: Control,
    text: str | None = None,
) -> Decision:
    """Write what the patient, or a guardian for a child, decides towards the practice of ``link`` (MD-10).

    Who acted and by which link is part of the entry. The link is held until the commit: one that ends at the same moment
    comes before or after. Raises :class:`~privacy.refusals.Refused` and :class:`~consents.rules.UnknownKey`.
    """
    if key not in PATIENT_KEYS:
        raise Refused(NOT_YOURS)
    row = PortalLink.objects.select_for_update(of=("self",)).filter(pk=link.pk).first()
    if row is None or (refusal := why_not_by(row, by.account_id, now)):
        raise Refused(NOT_YOURS if row is None else refusal or NOT_YOURS)
    if on and suspended([row.account_id], now=now):
        raise Refused(LEAVING)
    if on and (refusal := why_nothing_new(row.patient_id, now)):
        raise Refused(refusal)
    facts_under_lock(row.patient_id)
    lapsed = wishes([row.patient_id], now)[row.patient_id][key].lapsed
    author = replace(by, role=ROLES[row.capacity], practice_id=row.practice_id)
    return decide(
        subject_id=row.patient_id, key=key, on=on, by=author, language=language, channel=by.channel, now=now, text=text,
        control=control, authority=Authority(row.capacity, str(row.pk)), controller_id=row.practice_id, lapsed=lapsed,
    )  # fmt: skip


def wishes(file_ids: Iterable[UUID], now: datetime) -> dict[UUID, dict[str, Wish]]:
    """The four of each file at ``now``, by file and key. Three queries at most, for however many files."""
    ids = list(dict.fromkeys(file_ids))
    events: dict[UUID, list[ConsentEvent]] = {file_id: [] for file_id in ids}
    for event in ConsentEvent.objects.filter(subject_id__in=ids, key__in=OVER, at__lte=now).order_by("number"):
        events[event.subject_id].append(event)
    speaking = _speaking(ids, now)
    return {file_id: _of_file(own, speaking) for file_id, own in events.items()}


def agreed(file_id: UUID, key: str, *, now: datetime) -> bool:
    """Whether the patient's yes to ``key`` counts at ``now``. Raises UnknownKey."""
    known(key)
    return wishes([file_id], now)[file_id][key].counts


def practice_agrees(file_id: UUID, now: datetime) -> set[str]:
    """Those of the four for which a practitioner who treats this patient has turned on their own side, at ``now``."""
    treating = CareRelationship.objects.active().filter(patient_id=file_id).values_list("practitioner_id", flat=True)
    on = {slot for one in set(treating) for slot, state in queries.states(one, now).items() if state.on}
    return {key for key, beside in GOES_WITH.items() if beside & on}


def history(file_id: UUID, now: datetime) -> QuerySet[ConsentEvent]:
    """Every act about the file until ``now``, newest first, with the words that were shown."""
    return queries.history(file_id, now).filter(key__in=OVER).select_related("text")


def decided_by(account_id: UUID) -> QuerySet[ConsentEvent]:
    """An account's own entries in their order, then what its holder decided about files, as the patient or a guardian."""
    own, about_files = Q(subject_id=account_id), Q(actor_id=account_id, key__in=OVER)
    said = ConsentEvent.objects.filter(own | about_files).select_related("text")
    return said.order_by(F("controller_id").asc(nulls_first=True), "subject_id", "number")


def why_not(file_id: UUID, key: str, *, subject_id: UUID, now: datetime) -> Refusal | None:
    """Why nothing of this kind is done with the file by the practitioner ``subject_id`` at ``now``, or None."""
    if not CareRelationship.objects.active().of(subject_id).filter(patient_id=file_id).exists():
        return NOT_TREATED
    if any(reason(file_id, now) for reason in left_alone_when):
        return LEFT_ALONE
    return None if agreed(file_id, key, now=now) else NO_AGREEMENT


def _of_file(events: list[ConsentEvent], speaking: set[tuple[UUID, UUID]]) -> dict[str, Wish]:
    states = fold((event.fact for event in events), OVER)
    by_number = {event.number: event for event in events}
    made = {}
    for key, state in states.items():
        event = by_number.get(state.number)
        counts = state.on and event is not None and (event.subject_id, event.actor_id) in speaking
        made[key] = Wish(key, state, event, counts)
    return made


def _speaking(file_ids: list[UUID], now: datetime) -> set[tuple[UUID, UUID]]:
    """Who may speak for the patients of these files now, as pairs of file and account; nobody whose account is to be deleted."""
    links = PortalLink.objects.live(now).filter(
        patient_id__in=file_ids, capacity__in=MAY_DECIDE, scope__contains=[PortalPart.PRIVACY.value]
    )
    pairs = set(links.values_list("patient_id", "account_id"))
    leaving = suspended({account for _file, account in pairs}, now=now)
    return {(file, account) for file, account in pairs if account not in leaving}
