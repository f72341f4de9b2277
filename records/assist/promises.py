"""What is promised about machines that write: read from the suggestions and the egress journal, and tried on made-up names."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from adapters.models import Egress, EgressOutcome, Outcome
from care.tenancy import ALL, scope
from privacy.patient_keys import AI_HELP
from privacy.promises import Measure, promise
from privacy.pseudonyms import Kind, Known, Pseudonyms, folded
from privacy.subprocessors import RegisterVersion, counted, until
from records.assist.queries import THERE
from records.assist.rules import SERVICES, SLOTS
from records.models import Suggestion, SuggestionKind, SuggestionState

TESTS: Final = "tests/adapters/test_assist_promises.py"
REMOVAL: Final = "end_of_use"
"""The legal basis on which copies are listed and deleted: nothing of a visit is in such a call."""
OVERDUE: Final = timedelta(hours=6)
"""How long after its text came a copy may wait for its deletion: the outbox tries as long, then the office sees it."""
PROVEN: Final = timedelta(days=300)
"""How long back deletions are compared with the journal, whose lines go after a year."""
PROBE: Final = (
    Known(Kind.PERSON, "d'Hérouville-Lenoir"), Known(Kind.DATE, "1951-08-30"), Known(Kind.PHONE, "+33 6 98 76 54 32"),
    Known(Kind.EMAIL, "odile@exemple.fr"), Known(Kind.ADDRESS, "7 rue du Puits, 29000 Quimper"),
)  # fmt: skip
SAID: Final = (
    "Mme D'HEROUVILLE LENOIR, née le 30/08/1951, 7 rue du puits à QUIMPER, 06.98.76.54.32, Odile@Exemple.fr,"
    " NIR 2 51 08 29 232 001 17, tousse depuis dix jours."
)
TRACES: Final = ("herouville", "lenoir", "1951", "puits", "quimper", "98.76", "exemple", "29 232")


@promise("PC-97", checked_by=TESTS)
def drafts_go_without_names_and_stay_drafts(now: datetime) -> Measure:
    """Each text for a draft left on both agreements, to a host in the EEA, without names; a person decided on what came."""
    lines = Egress.objects.filter(subprocessor=SERVICES[SuggestionKind.DRAFT])
    both = f"{AI_HELP}+{SLOTS[SuggestionKind.DRAFT]}"
    hidden = Pseudonyms(PROBE).hide(SAID)
    with scope(ALL):
        drafts = Suggestion.objects.filter(kind=SuggestionKind.DRAFT)
        by_nobody = drafts.filter(state=SuggestionState.ACCEPTED, ended_by=None).count()
        figures: dict[str, Any] = {
            "asked": drafts.count(),
            "taken_over": drafts.filter(state=SuggestionState.ACCEPTED).count(),
            "turned_down": drafts.filter(state=SuggestionState.DECLINED).count(),
        }
    wrong = {
        "taken_over_by_nobody": by_nobody,
        "sent_without_both_agreements": lines.exclude(ground=both).count(),
        "hosts_outside_the_eea": _outside(SERVICES[SuggestionKind.DRAFT]),
        "names_that_a_trial_text_kept": [trace for trace in TRACES if trace in folded(hidden)[0]],
    }
    figures |= {"sent": lines.count(), "tokens_in_a_trial_text": hidden.count("["), **wrong}
    return Measure(not any(wrong.values()), figures)


@promise("PC-98", checked_by=TESTS)
def sound_is_deleted_after_its_transcript(now: datetime) -> Measure:
    """Sound went on both agreements to the EU endpoint; every copy was deleted there, and the journal has the line."""
    key = SERVICES[SuggestionKind.TRANSCRIPT]
    lines = Egress.objects.filter(subprocessor=key)
    both = f"{AI_HELP}+{SLOTS[SuggestionKind.TRANSCRIPT]}"
    done = EgressOutcome.objects.filter(egress_id=OuterRef("pk"), outcome__in=(Outcome.DELIVERED, Outcome.REJECTED))
    told = Egress.objects.filter(Exists(done), outgoing_id=OuterRef("removal_id"), ground=REMOVAL)
    with scope(ALL):
        copies = Suggestion.objects.exclude(remote_id="")
        over = ~Q(state=SuggestionState.WAITING)
        left = copies.filter(THERE, over, Q(ready_at__lte=now - OVERDUE) | Q(ended_at__lte=now - OVERDUE)).count()
        unproven = copies.filter(removed_at__gte=now - PROVEN).exclude(Exists(told)).count()
        kept_here = Suggestion.objects.exclude(remote_id="").filter(sound__isnull=False).count()
        figures: dict[str, Any] = {
            "copies": copies.count(), "deleted_there": copies.filter(removed_at__isnull=False).count(),
        }  # fmt: skip
    wrong = {
        "sent_without_both_agreements": lines.exclude(ground=both).exclude(ground=REMOVAL, categories="").count(),
        "hosts_outside_the_eea": _outside(key),
        "copies_left_there": left,
        "deleted_without_a_line_of_the_journal": unproven,
        "sound_kept_here_after_it_was_sent": kept_here,
    }
    return Measure(not any(wrong.values()), {**figures, "calls": lines.count(), **wrong})


def _outside(key: str) -> list[str]:
    """Hosts of the journal that the register of the line's day doesn't have in the EEA for this service."""
    versions = counted()
    called = Egress.objects.filter(subprocessor=key).values_list("host", "at__date").order_by().distinct()
    return sorted({host for host, day in called if not _in_eea(key, host, day, versions)})


def _in_eea(key: str, host: str, day: date, versions: Sequence[RegisterVersion]) -> bool:
    held = until(day, versions)
    one = held[-1].entry(key) if held else None
    row = one.host(host) if one else None
    return bool(row and row.region_in_eea)
