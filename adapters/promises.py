"""Live checks: nothing goes where the register closes the way (PC-101), nothing is sold (PC-102), money and signatures (PC-93, PC-94)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q, Sum

from adapters import storage_promises as _storage  # noqa: F401 - registers PC-91 and PC-92
from adapters.grounds import NECESSITIES
from adapters.models import Dossier, Payment, Proof
from adapters.scell.work import Altered, opened, unproven_signatures
from adapters.viva.models import SETTLED
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.patient_keys import EVERY_KEY
from privacy.payers import Payer, is_payer, payer
from privacy.promises import Measure, promise
from privacy.subprocessors import RegisterVersion, Subprocessor, counted, entry, register_at, why_closed

A_DAY: Final = timedelta(days=1)
THREE_DAYS: Final = timedelta(days=3)
"""As long as a bank may take for its word on a payment; after it somebody has to look."""
NEWEST: Final = 20
"""Kept files that are opened each time the promises are measured."""
TESTS: Final = "tests/adapters/test_promises.py"
TEXTED: Final = frozenset({"login_code", "appointment_reminder", "deletion_notice"})
IN_A_TEXT: Final = frozenset({Category.CONTACT, Category.CREDENTIAL, Category.APPOINTMENT})
DAYS: Final = """
select subprocessor, host, stand_in, ground, categories, (at at time zone 'Europe/Paris')::date, count(*), sum(coalesce(bytes_out, 0))
  from adapters_egress group by 1, 2, 3, 4, 5, 6
"""


@promise("PC-101", checked_by=TESTS)
def no_transfer_without_a_mechanism(now: datetime) -> Measure:
    """No line of the journal went to a closed way, to a host nobody registered, or took health data out of the EEA."""
    closed = unknown = health_outside = number = 0
    versions = counted()
    for key, host, stand_in, _ground, categories, day, lines, _bytes in _journal():
        number += lines
        found = _receiver(key, day, versions, stand_in=stand_in)
        closed += lines if found is None else 0
        row = found.host(host) if found else None
        unknown += lines if row is None and not stand_in else 0
        carries = Category.HEALTH in categories.split(",")
        may = bool(found and found.may_carry_health and row and row.region_in_eea)
        health_outside += lines if carries and not may else 0
    today = legal_day(now)
    figures = {
        "lines": number,
        "ways_closed_by_the_register_now": sorted(
            key for key in settings.ADAPTERS if not is_payer(key) and why_closed(key, today, versions)
        ),
        "sent_while_closed": closed,
        "sent_to_unknown_hosts": unknown,
        "health_data_sent_outside": health_outside,
    }
    return Measure(not (closed or unknown or health_outside), figures)


@promise("PC-102", checked_by=TESTS)
def nothing_is_sold(now: datetime) -> Measure:
    """Whoever received something processes it for us, or is a listed payer that was asked; on a ground of the closed register."""
    buyers, groundless, lines, size, asked = set[str](), set[str](), 0, 0, 0
    versions = counted()
    for key, _host, stand_in, ground, _categories, day, number, bytes_out in _journal():
        lines, size = lines + number, size + bytes_out
        asked += number if is_payer(key) else 0
        if _receiver(key, day, versions, stand_in=stand_in) is None or key not in settings.ADAPTERS:
            buyers.add(key)
        if not is_a_ground(ground):
            groundless.add(ground)
    figures = {
        "processors": len(register_at(legal_day(now), versions).entries),
        "lines": lines,
        "bytes": int(size),
        "questions_to_payers": asked,
        "receivers_that_are_no_processor": sorted(buyers),
        "grounds_of_no_register": sorted(groundless),
    }
    return Measure(not (buyers or groundless), figures)


@promise("PC-99", checked_by=TESTS)
def text_messages_carry_codes_and_reminders(now: datetime) -> Measure:
    """Every text message went out as a code or a reminder, and with no other kind of data than those need."""
    lines = beyond = other = 0
    for key, _host, _stand_in, ground, categories, _day, number, _bytes in _journal():
        if key != "bulkgate":
            continue
        lines += number
        other += number if ground not in TEXTED else 0
        beyond += number if set(categories.split(",")) - IN_A_TEXT else 0
    reaches = {name for name, basis in NECESSITIES.items() if "bulkgate" in basis.subprocessors}
    declared = entry("bulkgate", legal_day(now)) if not why_closed("bulkgate", legal_day(now)) else None
    figures = {
        "messages": lines,
        "on_another_ground": other,
        "with_other_data": beyond,
        "grounds_that_reach_it": sorted(reaches),
        "may_carry_health": bool(declared and declared.may_carry_health),
    }
    kept = not (other or beyond) and reaches == TEXTED and not figures["may_carry_health"]
    return Measure(kept, figures)


@promise("PC-93", checked_by="tests/adapters/test_viva_work.py")
def payments_are_what_viva_says(now: datetime) -> Measure:
    """Every settled payment has a transaction that was read, none gives back more than it took, and none is left unclear, silent or waiting."""
    asked = now - A_DAY
    pending = Q(state="pending", asked_at__lt=now - THREE_DAYS)
    count = Payment.objects.aggregate(
        payments=Count("pk"),
        settled=Count("pk", filter=Q(state__in=SETTLED)),
        settled_without_a_transaction=Count("pk", filter=Q(state__in=SETTLED, transaction_id=None)),
        unclear_for_a_day=Count("pk", filter=Q(state="begun", changed_at__lt=asked)),
        silent_for_a_day=Count("pk", filter=Q(way="order", state__in=("ordered", "failed"), asked_at__lt=asked)),
        waiting_for_three_days=Count("pk", filter=pending),
    )
    back = {"way": "refund", "state": "paid"}
    refunds = Payment.objects.filter(**back).values("parent").annotate(sum=Sum("amount"))
    count["given_back_more_than_taken"] = refunds.filter(sum__gt=F("parent__amount")).count()
    return Measure(not sum(list(count.values())[2:]), count)


@promise("PC-94", checked_by="tests/adapters/test_scell_work.py")
def signatures_are_proven(now: datetime) -> Measure:
    """Each complete signature has its files, the newest open to the byte, and none is called more than its provider says."""
    signatures = Dossier.objects.filter(kind="signature")
    complete = signatures.filter(state="completed")
    known = {"simple": 0, **dict(signatures.values_list("level").annotate(Count("pk")).order_by())}
    newest = list(Proof.objects.order_by("-pk").values_list("pk", flat=True)[:NEWEST])
    figures: dict[str, object] = {
        "invoices": Dossier.objects.filter(kind="invoice").count(),
        "complete_signatures": complete.count(),
        "by_level": known,
        "level_without_the_provider_s_word": signatures.exclude(level="simple").filter(level_said="").count(),
        "without_proof_for_a_day": unproven_signatures().filter(changed_at__lt=now - A_DAY).count(),
        "files_opened": len(newest),
        "files_altered": sum(not _opens(number) for number in newest),
    }
    wrong = ("level_without_the_provider_s_word", "without_proof_for_a_day", "files_altered")
    return Measure(not any(figures[name] for name in wrong), figures)


def _opens(number: int) -> bool:
    """Whether a kept file is what was kept; one at a time, since each may have ten megabytes."""
    proof = Proof.objects.get(pk=number)
    try:
        return len(opened(proof)) == proof.size
    except Altered:
        return False


def is_a_ground(name: str) -> bool:
    """Whether a name in the journal is a necessity, a slot of the ledger, or a patient's and a practitioner's together."""
    slots = name.split("+")
    return name in NECESSITIES or (len(slots) <= 2 and all(slot.partition(".")[0] in EVERY_KEY for slot in slots))


def _receiver(
    key: str, day: date, versions: Sequence[RegisterVersion], *, stand_in: bool
) -> Subprocessor | Payer | None:
    """Who stood behind a line on its day; None for nobody whom the lists of that day had, or had open."""
    if is_payer(key):
        return payer(key, day, made_up=stand_in)
    return None if why_closed(key, day, versions) else entry(key, day, versions)


def _journal() -> Iterable[Any]:
    """The whole journal by day, way, ground and kind of data."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS)
        rows: list[Any] = cursor.fetchall()
    return rows
