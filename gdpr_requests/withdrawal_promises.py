"""PC-66: a consent is taken back as easily as it was given, and from that moment on nothing rests on it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from audit.actors import Actor
from consents import notices
from consents.actions import decide
from consents.grants import Grant, NoGrant, grant_for, grants_for
from consents.models import ConsentEvent
from consents.patients import wishes
from consents.rules import Authority
from consents.states import Action
from consents.trial import Trial, trial
from directory import queries as directory
from directory.cards import LISTING
from gdpr_requests.effects import FREE, nothing_was_withdrawn
from gdpr_requests.models import Directive, DirectiveKind, Outcome, Request
from gdpr_requests.withdrawal_steps import of_directives, of_patient, of_switch
from privacy.consent_keys import KEYS
from privacy.deadlines import Right
from privacy.ids import new_id
from privacy.own_keys import POST_MORTEM
from privacy.patient_keys import PATIENT_KEYS
from privacy.promises import Measure, promise

CHECKED: Final = "tests/gdpr_requests/test_withdrawal.py"


@promise("PC-66", checked_by=CHECKED)
def withdrawing_is_as_easy_as_giving(now: datetime) -> Measure:
    """Each choice is rendered off and on: the acts each way are counted, and so are the fields that have to be filled.

    The switches of an account on a trial, the four of a patient about a file, and the directives for after death.
    """
    with trial(now) as somebody:
        steps = {slot: (of_switch(somebody, slot), of_switch(somebody, slot, on=True)) for slot in _slots()}
    steps |= {key: (of_patient(key, now), of_patient(key, now, on=True)) for key in PATIENT_KEYS}
    steps[POST_MORTEM] = (of_directives(now), of_directives(now, on=True))
    harder = sorted(slot for slot, (give, withdraw) in steps.items() if withdraw > give)
    figures = {
        "switches": len(steps),
        "most_steps_to_give": max(give for give, _ in steps.values()),
        "most_steps_to_withdraw": max(withdraw for _, withdraw in steps.values()),
        "harder_to_withdraw": harder,
    }
    return Measure(bool(steps) and not harder, figures)


@promise("PC-66", checked_by=CHECKED)
def a_withdrawal_takes_effect_at_once(now: datetime) -> Measure:
    """On a trial, a grant in hand is worth nothing in the moment of the withdrawal; in the ledger, nobody who withdrew still grants."""
    with trial(now) as somebody:
        alive = [slot for slot in (*_slots(), POST_MORTEM) if _outlives(somebody, slot)]
        alive += [key for key in PATIENT_KEYS if _patient_outlives(key, now)]
    gone = {key: _withdrawn(key) for key in KEYS if KEYS[key].kind in FREE}
    granting = [key for key, people in gone.items() if grants_for(people, key, now=now)]
    shown = {one.user_id for one in directory.candidates(now)} & gone.get(LISTING, set())
    counting = [key for key in PATIENT_KEYS if _still_counts(key, now)]
    kept_directives = Directive.objects.filter(
        kind=DirectiveKind.SPECIFIC, ended_at=None, account_id__in=_withdrawn(POST_MORTEM)
    ).count()
    figures = {
        "withdrawals": ConsentEvent.objects.filter(action=Action.WITHDRAWN).count(),
        "people_who_withdrew": len(set().union(*gone.values())),
        "grants_that_outlived_a_withdrawal": alive,
        "keys_still_granted_by_who_withdrew": granting,
        "patients_choices_that_count_after_it": counting,
        "directives_kept_after_it": kept_directives,
        "still_in_the_directory": len(shown),
        "granted_requests_without_a_withdrawal": _idle_requests(),
    }
    kept = not (
        alive or granting or counting or kept_directives or shown or figures["granted_requests_without_a_withdrawal"]
    )
    return Measure(kept, figures)


def _slots() -> list[str]:
    """What can be given and withdrawn, an integration under its key."""
    return [slot for slot in notices.slots() if KEYS[slot.partition(".")[0]].kind in FREE]


def _outlives(somebody: Trial, slot: str) -> bool:
    """Whether anything can still be done on a consent in the very moment it was withdrawn.

    Where a patient has to agree as well no grant of this kind is ever made: there the ledger itself is asked.
    """
    key, _dot, child = slot.partition(".")
    if child:
        somebody.turn(key, on=True)
    if not somebody.turn(slot, on=True):
        return True
    held = _grant(somebody, key, child)
    stands = not somebody.turn(slot, on=False)
    made = (held, _grant(somebody, key, child))
    return stands or any(_works(grant, somebody.now) for grant in made if grant)


def _patient_outlives(key: str, now: datetime) -> bool:
    """Whether a patient's yes still stands in the very moment it is taken back; to be called in a trial."""
    file_id, practice_id, by = new_id(), new_id(), Actor(new_id(), "patient", channel="trial")
    stood = []
    for on in (True, False):
        decide(
            subject_id=file_id, key=key, on=on, by=by, language="en", channel="trial", now=now,
            authority=Authority("self", "trial"), controller_id=practice_id,
        )  # fmt: skip
        stood.append(wishes([file_id], now)[file_id][key].state.on)
    return stood != [True, False]


def _still_counts(key: str, now: datetime) -> bool:
    """Whether anything may rest on this choice of a patient who took it back."""
    return any(own[key].counts for own in wishes(_withdrawn(key), now).values())


def _grant(somebody: Trial, key: str, child: str) -> Grant | None:
    try:
        return grant_for(somebody.subject_id, key, child or None, now=somebody.now)
    except NoGrant:
        return None


def _works(grant: Grant, now: datetime) -> bool:
    try:
        grant.check(now)
    except NoGrant:
        return False
    return True


def _withdrawn(key: str) -> set[UUID]:
    """Those whose last entry on the key itself is a withdrawal."""
    later = ConsentEvent.objects.filter(
        subject_id=OuterRef("subject_id"), key=key, child="", number__gt=OuterRef("number")
    )
    last = ConsentEvent.objects.filter(~Exists(later), key=key, child="", action=Action.WITHDRAWN)
    return set(last.values_list("subject_id", flat=True))


def _idle_requests() -> int:
    """Requests of an account for a withdrawal that were granted while there was something to withdraw, and nothing was."""
    granted = Request.objects.filter(right=Right.WITHDRAWAL.value, outcome=Outcome.GRANTED, account_id__isnull=False)
    return sum(nothing_was_withdrawn(one, one.decided_at) for one in granted if one.decided_at)
