"""What is promised about training sets: read from the sets, the ledger, the keys and the egress journal, and tried on made-up names."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from adapters.models import Egress, Outgoing
from audit.evidence import registered
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from consents.states import RESULT, Position
from privacy.clocks import legal_day
from privacy.patient_keys import AI_TRAINING
from privacy.promises import Measure, promise
from privacy.pseudonyms import Kind, Known, Pseudonyms, folded
from privacy.subprocessors import register_at
from records.actions.documents import stored_names
from records.models import TrainingBuild, TrainingMember
from records.training import doubts
from records.training.keeping import FOLDER, name_of
from records.training.leaving import there
from records.training.rules import LEAST, SLOT, Out, why_not_open, why_out
from vault import rings

YES: Final = [action.value for action, position in RESULT.items() if position is Position.ON]
OVERDUE: Final = timedelta(hours=2)
"""How long a file may lie there after its time or its last member's leave: the sweep comes every hour."""
PROVEN: Final = timedelta(days=4 * 365)
"""How long back sets are held against the ledger, whose proofs leave five years after a consent ended."""
PROBE: Final = (
    Known(Kind.PERSON, "d'Hérouville-Lenoir"), Known(Kind.DATE, "1951-08-30"), Known(Kind.PHONE, "+33 6 98 76 54 32"),
    Known(Kind.EMAIL, "odile@exemple.fr"), Known(Kind.ADDRESS, "7 rue du Puits, 29000 Quimper"),
)  # fmt: skip
SAID: Final = (
    "Mme D'HEROUVILLE LENOIR, née le 30/08/1951, 7 rue du puits à QUIMPER, 06.98.76.54.32, Odile@Exemple.fr,"
    " NIR 2 51 08 29 232 001 17, tousse depuis dix jours."
)
TRACES: Final = ("herouville", "lenoir", "1951", "puits", "quimper", "98.76", "exemple", "29 232")
DOUBTFUL: Final = ("vu avec Odile Kervella", "code postal 29000", "אודיל", "odile@exemple", "voir 98 76 54 32")
"""Trial texts as the first look leaves them when it knows nobody: the second has to keep each of them out."""


class _Probe:
    """A made-up text of one person."""

    person = "somebody"

    def __init__(self, text: str) -> None:
        self.capitals = doubts.capitals_of(text)


@promise("PC-21", checked_by="tests/records/test_training_promises.py")
def training_needs_both_locks(now: datetime) -> Measure:
    """Who is in a set had both locks open, whoever closed one is recorded as gone, and no file outlives that; names are out."""
    with scope(ALL):
        wrong: dict[str, Any] = {
            "in_a_set_without_both_locks": _without_both(now),
            "withdrawn_and_not_recorded": _unrecorded(now),
            "files_kept_past_their_end": _kept_too_long(now),
            "files_that_open_though_somebody_left": _open_though_left(now),
            "destroyed_files_with_a_key_or_bytes": _not_destroyed(),
            "sets_that_are_too_small": TrainingBuild.objects.filter(Q(patients__lt=LEAST) | Q(minimum__lt=11)).count(),
            "sent_somewhere": _sent(),
            "services_that_would_take_it": _takers(now),
            "names_that_a_trial_text_kept": _names_kept(),
            "doubtful_texts_let_in": [text for text in DOUBTFUL if not _is_kept_out(text)],
            "dead_or_children_let_in": _let_in(now),
            "evidence_is_not_sealed": [table for table in EVIDENCE if table not in {one.table for one in registered()}],
        }
        figures = {
            "sets": TrainingBuild.objects.count(),
            "files_there": there().count(),
            "members": TrainingMember.objects.count(),
            "left_since": TrainingMember.objects.exclude(left_at=None).count(),
            "least_patients": LEAST,
        }
    return Measure(not any(wrong.values()) and LEAST >= 11, {**figures, **wrong})


EVIDENCE: Final = ("records_trainingbuild", "records_trainingend")


def _said(subject: str, key: str, **until: Any) -> Subquery:
    """The last word of a member's ``subject`` on a key."""
    events = ConsentEvent.objects.filter(subject_id=OuterRef(subject), key=key, child="", **until)
    return Subquery(events.order_by("-number").values("action")[:1])


def _without_both(now: datetime) -> int:
    """Members whose ledger didn't say yes when the set was built; whoever left in that very moment aside."""
    stood = {"at__lte": OuterRef("build__built_at")}
    found = TrainingMember.objects.filter(build__built_at__gt=now - PROVEN)
    found = found.filter(Q(left_at=None) | Q(left_at__gt=F("build__built_at")))
    said = found.annotate(
        patient=_said("file_id", AI_TRAINING, **stood), practice_said=_said("author_id", SLOT, **stood)
    )
    return said.count() - said.filter(patient__in=YES, practice_said__in=YES).count()


def _unrecorded(now: datetime) -> int:
    """Members of any set, past ones too, who took a lock back and aren't recorded as gone."""
    found: QuerySet[TrainingMember] = TrainingMember.objects.filter(left_at=None, build__built_at__gt=now - PROVEN)
    stands = {"at__lte": now}
    said = found.annotate(
        patient=_said("file_id", AI_TRAINING, **stands), practice_said=_said("author_id", SLOT, **stands)
    )
    return said.count() - said.filter(patient__in=YES, practice_said__in=YES).count()


def _kept_too_long(now: datetime) -> list[int]:
    late = Q(expires_at__lt=now - OVERDUE) | Q(members__left_at__lt=now - OVERDUE)
    return sorted(there().filter(late).values_list("number", flat=True).distinct())


def _open_though_left(now: datetime) -> list[int]:
    left = there().filter(members__left_at__isnull=False).distinct()
    return [build.number for build in left if why_not_open(build, now) is None]


def _not_destroyed() -> list[int]:
    ended = dict(TrainingBuild.objects.exclude(end=None).values_list("pk", "number"))
    stored, dead = set(stored_names(FOLDER)), set(rings.dead(ended))
    return sorted(number for pk, number in ended.items() if pk not in dead or name_of(pk) in stored)


def _sent() -> int:
    """Packets that left, and messages that wait to, on the ground of this consent: nothing sends a set anywhere."""
    left = Egress.objects.filter(Q(ground__contains=AI_TRAINING) | Q(ground__contains=SLOT)).count()
    return left + Outgoing.objects.filter(Q(wish=AI_TRAINING) | Q(slot=SLOT)).count()


def _takers(now: datetime) -> list[str]:
    """Services of the register whose way this consent would open: the door refuses all others."""
    entries = register_at(legal_day(now)).entries
    return [one.key for one in entries if {AI_TRAINING, SLOT} & set(one.switches)]


def _names_kept() -> list[str]:
    hidden = folded(Pseudonyms(PROBE).hide(SAID))[0]
    return [trace for trace in TRACES if trace in hidden]


def _is_kept_out(text: str) -> bool:
    return doubts.doubt_at_once(text) is not None or doubts.settled([_Probe(text)], LEAST) == []


def _let_in(now: datetime) -> list[str]:
    """Made-up patients who must stay out: dead, of no known age, a child that agreed by itself."""
    today = legal_day(now)
    child = today.replace(year=today.year - 12, day=1).isoformat()
    tries = {
        Out.DEAD: ("1951-08-30", "2020-01-01", "self"),
        Out.AGE_UNKNOWN: (None, None, "self"),
        Out.MINOR: (child, None, "self"),
    }
    return [
        why.value
        for why, (born, died_on, authority) in tries.items()
        if why_out(born=born, died_on=died_on, authority=authority, today=today) is not why
    ]
