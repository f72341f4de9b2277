"""PC-22: each integration stands on a switch of its own, none outlives the one above, and a patient's content needs the patient."""

from datetime import datetime
from typing import Final

from adapters.grounds import NECESSITIES
from adapters.models import Egress
from consents import queries
from consents.grants import NoGrant, grant_for
from consents.states import children_of
from consents.trial import Trial, trial
from privacy.clocks import legal_day
from privacy.consent_keys import KEYS
from privacy.declare import Category
from privacy.promises import Measure, promise
from privacy.subprocessors import register_at

PARENT: Final = "third_party_integrations"
CHILDREN: Final = tuple(slot.partition(".")[2] for slot in children_of(PARENT))


@promise("PC-22", checked_by="tests/consents/test_integration_promises.py")
def each_integration_has_its_own_authorisation(now: datetime) -> Measure:
    """On a trial each switch opens itself alone and falls with its parent; in the journal each line rests on its own, with the patient's where needed."""
    with trial(now) as somebody:
        refused = all(_closed(somebody, child) for child in CHILDREN)
        wider = [child for child in CHILDREN if _opens_more(somebody, child)]
        outliving = [child for child in CHILDREN if _outlives_its_parent(somebody, child)]
    lines = Egress.objects.filter(subprocessor__in=CHILDREN).exclude(ground__in=NECESSITIES)
    grounds = list(lines.values_list("subprocessor", "ground", "categories").distinct())
    figures = {
        "integrations": list(CHILDREN),
        "closed_without_a_choice": refused,
        "switches_that_open_another": wider,
        "switches_that_outlive_their_parent": outliving,
        "services_without_an_entry": sorted(set(CHILDREN) - {one.key for one in register_at(legal_day(now)).entries}),
        "calls": lines.count(),
        "on_another_switch": sum(not _own(service, ground) for service, ground, _kinds in grounds),
        "patients_content_without_the_patient": sum(_alone(*line) for line in grounds),
    }
    wrong = ("on_another_switch", "patients_content_without_the_patient", "services_without_an_entry")
    return Measure(refused and not (wider or outliving or any(figures[name] for name in wrong)), figures)


def _own(service: str, ground: str) -> bool:
    return ground.rpartition("+")[2] == f"{PARENT}.{service}"


def _alone(service: str, ground: str, categories: str) -> bool:
    """Whether a patient's content, or what only goes with it, left on the practitioner's word alone."""
    law = KEYS[PARENT].child(service)
    return "+" not in ground and (law.needs_patient or Category.HEALTH in categories.split(","))


def _opens_more(somebody: Trial, child: str) -> bool:
    """Whether this switch, the only one that is on, doesn't open itself or opens another."""
    somebody.turn(PARENT, on=True)
    stands = somebody.turn(f"{PARENT}.{child}", on=True)
    others = [other for other in CHILDREN if other != child and not _closed(somebody, other)]
    somebody.turn(f"{PARENT}.{child}", on=False)
    return not stands or bool(others)


def _outlives_its_parent(somebody: Trial, child: str) -> bool:
    somebody.turn(PARENT, on=True)
    somebody.turn(f"{PARENT}.{child}", on=True)
    somebody.turn(PARENT, on=False)
    return not _closed(somebody, child)


def _closed(somebody: Trial, child: str) -> bool:
    """Nothing is granted, and the ledger says no: where a patient has to agree as well, no grant of one person is ever made."""
    if queries.is_live(somebody.subject_id, PARENT, child, now=somebody.now):
        return False
    try:
        grant_for(somebody.subject_id, PARENT, child, now=somebody.now)
    except NoGrant:
        return True
    return False
