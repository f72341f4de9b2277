"""What the breach register promises, measured on the live database (MD-55, MD-56)."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q

from accounts.models import User
from care.tenancy import ALL, scope
from lifecycle.breaches import queries
from lifecycle.breaches.queries import Breach, Kind
from lifecycle.models import BreachNotice
from lifecycle.models.breaches import Risk
from privacy.promises import Measure, promise

TESTS: Final = "tests/lifecycle/test_breaches.py"
PATIENCE: Final = timedelta(days=3)
"""How long after the decision a person may wait for a notice: "without undue delay" (Art. 34(1))."""
STANDING: Final = """
select count(*) from pg_trigger where tgrelid = 'lifecycle_breachevent'::regclass and not tgisinternal and tgenabled = 'A'
"""


@promise("MD-56", checked_by=TESTS)
def breaches_are_told_in_time(now: datetime) -> Measure:
    """No breach that is or may be a risk passed its 72 hours untold, unless with the reasons of the delay; the register only grows."""
    known = queries.breaches()
    late = [one for one in known if one.is_late(now) and not one.told_at]
    delayed = [one for one in known if one.told_at and one.is_late(now)]
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        guards = int(cursor.fetchone()[0])
    return Measure(
        kept=not late and guards > 0,
        figures={
            "breaches": len(known), "open": sum(one.closed_at is None for one in known), "breaches_late": len(late),
            "told_late_with_reasons": len(delayed), "guards_of_the_register": guards,
        },
    )  # fmt: skip


@promise("MD-55", checked_by=TESTS)
def people_are_told_and_passwords_changed(now: datetime) -> Measure:
    """Three days after a decision whoever is touched was told or is told by letter, and the accounts used need new passwords."""
    with scope(ALL):
        known = [one for one in queries.breaches() if one.risk and one.risk != Risk.NONE and _is_due(one, now)]
        untold = sum(_untold(one) for one in known)
        unasked = sum(_unasked(one) for one in known)
    figures = {
        "breaches_with_a_risk": len(known),
        "people_not_told": untold,
        "accounts_without_a_new_password_asked": unasked,
    }
    return Measure(kept=not (untold or unasked), figures=figures)


def _is_due(one: Breach, now: datetime) -> bool:
    return now - max(event.at for event in one.events if event.kind == Kind.DECIDED) >= PATIENCE


def _untold(one: Breach) -> int:
    """Patients of a high risk, and the holders of accounts used, without a notice that was sent or goes by letter."""
    found = queries.touched(one)
    told = BreachNotice.objects.filter(Q(sent_at__isnull=False) | Q(by_post=True), breach_id=one.id)
    reached = set(told.values_list("whom", "subject_id"))
    due = {(BreachNotice.Whom.HOLDER.value, account) for account in found.accounts}
    if one.risk == Risk.HIGH:
        due |= {(BreachNotice.Whom.PATIENT.value, file_id) for file_id in found.files}
    waiting = BreachNotice.objects.filter(breach_id=one.id, sent_at=None, by_post=False)
    return len({*(due - reached), *waiting.values_list("whom", "subject_id")})


def _unasked(one: Breach) -> int:
    """Accounts used whose password was neither changed nor asked for since we became aware."""
    used = User.objects.filter(pk__in=queries.touched(one).accounts, is_active=True)
    return used.filter(compromised_at=None, password_changed_at__lt=one.aware_at).count()
