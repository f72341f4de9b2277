"""Which facts, notices and requests reach the end of their term (NEW-04)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.db.models import Count, DateField
from django.db.models.functions import TruncDate, TruncYear

from adapters.models import Incoming, Outgoing, Payment
from care.tenancy import ALL, scope
from lifecycle.expiring import boxes, money, orders
from lifecycle.expiring.facts import TABLES, Rows
from lifecycle.expiring.terms import ONE_DAY
from privacy.clocks import ZONES, Jurisdiction, end_of_term, legal_day
from privacy.forecast import Leaving, forecast
from records.models import AuthorityOrder, TrainingBuild
from records.training.leaving import there


@forecast
def rows_of_evidence(today: date, until: date) -> Iterator[Leaving]:
    """Rows of closed accounts and requests; of a request, as long as nothing else keeps it."""
    for table in TABLES:
        for month, count in _months(table, today, until).items():
            yield Leaving(month, table.rule, table.kind, count)


@forecast
def orders_of_authorities(today: date, until: date) -> Iterator[Leaving]:
    """Orders by the month in which their words leave; those that run still, too."""
    months: Counter[date] = Counter()
    with scope(ALL):
        for over_at in orders.left().values_list("over_at", flat=True).iterator():
            last = orders.last_day_of(over_at)
            if last < until:
                months[max(last + ONE_DAY, today).replace(day=1)] += 1
    for month, count in sorted(months.items()):
        yield Leaving(month, orders.RULE, AuthorityOrder._meta.label, count)


@forecast
def messages(today: date, until: date) -> Iterator[Leaving]:
    """Messages that ended, and events that came, thirty days after."""
    for model, clock in ((Outgoing, "ended_at"), (Incoming, "received_at")):
        months: Counter[date] = Counter()
        days = model._default_manager.exclude(**{clock: None}).values_list(
            TruncDate(clock, tzinfo=ZONES[Jurisdiction.FR])
        )
        for day, count in days.annotate(rows=Count("pk")).order_by():
            leaves = max(day + boxes.KEPT + ONE_DAY, today)
            if leaves <= until:
                months[leaves.replace(day=1)] += count
        for month, count in sorted(months.items()):
            yield Leaving(month, "PC-46", model._meta.label, count)


@forecast
def payments(today: date, until: date) -> Iterator[Leaving]:
    """Payments, by the end of their last accounting year."""
    months: Counter[date] = Counter()
    years = money.payments().annotate(
        year=TruncYear("last_at", output_field=DateField(), tzinfo=ZONES[Jurisdiction.FR])
    )
    for year in years.values_list("year", flat=True).iterator():
        leaves = max(money.leaves_on(year), today)
        if leaves <= until:
            months[leaves.replace(day=1)] += 1
    for month, count in sorted(months.items()):
        yield Leaving(month, money.RULE, Payment._meta.label, count)


@forecast
def training_sets(today: date, until: date) -> Iterator[Leaving]:
    """Files of training sets by the month in which their time is over, should nobody leave before."""
    months: Counter[date] = Counter()
    for expires_at in there().values_list("expires_at", flat=True):
        leaves = max(legal_day(expires_at), today)
        if leaves <= until:
            months[leaves.replace(day=1)] += 1
    for month, count in sorted(months.items()):
        yield Leaving(month, "PC-41", TrainingBuild._meta.label, count)


def _months(table: Rows, today: date, until: date) -> Counter[date]:
    months: Counter[date] = Counter()
    for last, count in table.leaving(end_of_term(today)):
        if last < until:
            months[max(last + ONE_DAY, today).replace(day=1)] += count
    return months
