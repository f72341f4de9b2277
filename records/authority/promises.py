"""MD-43, measured on the live database: authorities read what an order names, in its parts and its time, by two people's decision."""

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, Substr

from audit.models import AccessEntry
from care.roles import Authority
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.promises import Measure, promise
from records.authority.queries import JOURNALED_AS, to_tell
from records.models import AuthorityOrder, OrderedFile, PatientFile
from records.models.orders import LONGEST
from records.reading import Part

TESTS: Final = "tests/records/test_authority_promise.py"
READING: Final = ("list", "open", "preview", "open_archive", "open_restricted")
"""What an authority does; it writes, prints from here and takes away nothing."""
CONSTRAINTS: Final = (
    "order_names_parts", "order_has_reference_reason_agent_and_paper", "order_ends_within_30_days",
    "order_confirmed_by_a_second_person", "order_read_by_a_third_person_once_confirmed", "order_silent_on_a_ground",
)  # fmt: skip
TRIGGERS: Final = ("order_stands", "ordered_file_stands")
GUARDS: Final = """
select (select count(*) from pg_constraint where conname = any(%s) and convalidated)
     + (select count(*) from pg_trigger where tgname = any(%s) and tgenabled = 'A')
"""


@promise("MD-43", checked_by=TESTS)
def authorities_read_what_their_order_names(now: datetime) -> Measure:
    """Each line of an authority in the access journal lies within the files, the parts and the time of its order.

    A line about a file that was destroyed since can't be compared any more: what named it went with it.
    """
    with scope(ALL):
        lines = AccessEntry.objects.filter(actor_role=Authority.key)
        kept = Q(Exists(PatientFile.objects.filter(pk=OuterRef("subject_id"))))
        outside = lines.filter(kept).exclude(_within()).count() + _about_no_file(lines)
        wrote = lines.exclude(action__in=READING).count()
        loose = _loose_orders()
        figures = {
            "orders": AuthorityOrder.objects.count(),
            "orders_running": AuthorityOrder.objects.running(now).count(),
            "openings_by_authorities": lines.count(),
            "openings_outside_an_order": outside,
            "acts_other_than_reading": wrote,
            "orders_without_reference_reason_or_second_person": loose,
            "guards_off": len(CONSTRAINTS) + len(TRIGGERS) - _guards(),
            "patients_to_tell": to_tell(now).count(),
            "orders_that_forbid_telling": AuthorityOrder.objects.filter(silent_until__gte=legal_day(now)).count(),
        }
    return Measure(kept=not (outside or wrote or loose or figures["guards_off"]), figures=figures)


def _within() -> Q:
    """Lines that an order covers: its agent, its file, its part, its time, and its number in the line."""
    found = Q(pk__in=[])
    for part, journaled in JOURNALED_AS.items():
        named = Q(request_id__startswith="order:", part__in=[one.value for one in journaled])
        found |= named & Q(Exists(_covering(part)))
    return found


def _covering(part: str) -> QuerySet[OrderedFile]:
    return OrderedFile.objects.annotate(number=Cast("order_id", CharField())).filter(
        Q(order__ended_at=None) | Q(order__ended_at__gte=OuterRef("at")),
        Q(taken_out_at=None) | Q(taken_out_at__gte=OuterRef("at")),
        number=Substr(OuterRef("request_id"), len("order:") + 1, 36),
        file_id=OuterRef("subject_id"),
        order__account_id=OuterRef("actor_id"),
        order__confirmed_at__lte=OuterRef("at"),
        order__until_at__gt=OuterRef("at"),
        order__parts__contains=[part],
    )


def _about_no_file(lines: QuerySet[AccessEntry]) -> int:
    """Lines about an order: what is neither the agent's own nor the order itself."""
    orders = AuthorityOrder.objects.filter(pk=OuterRef("subject_id"))
    theirs = Exists(orders.filter(account_id=OuterRef("actor_id")))
    return lines.filter(Exists(orders)).exclude(Q(part=Part.ORDER.value) & theirs).count()


def _loose_orders() -> int:
    """Orders that were let in without reference, reason, second person, or for too long."""
    bare = Q(reference__isnull=True) | Q(why__isnull=True) | Q(confirmed_by=None) | Q(confirmed_by=F("entered_by"))
    longer = Q(until_at__gt=F("entered_at") + LONGEST)
    return AuthorityOrder.objects.exclude(account=None).filter(bare | longer).count()


def _guards() -> int:
    with connection.cursor() as cursor:
        cursor.execute(GUARDS, [list(CONSTRAINTS), list(TRIGGERS)])
        return int(cursor.fetchone()[0])
