"""What is stored of one person, for that person; for the office, totals of groups too large to recognise anyone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext

from consents import queries
from consents.usage.features import WORDS, Feature
from consents.usage.ledger import KEY
from consents.usage.models import UsageEvent
from privacy.clocks import ZONES, Jurisdiction, add_months, legal_day, start_of

KEPT_MONTHS: Final = 12
"""A use is kept no longer than a connection in the log (PC-43); a schedule that lengthens that doesn't lengthen this."""
LEAST: Final = 11
"""People behind a total that the office sees (the threshold of French health data access)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How much is stored of somebody: entries, the days they are from, and when the oldest leaves."""

    entries: int
    days: int
    first: datetime | None
    last: datetime | None

    @property
    def oldest_leaves_on(self) -> date | None:
        """The last day of the oldest entry, unless it is taken back before."""
        return add_months(legal_day(self.first), KEPT_MONTHS) if self.first else None


@dataclass(frozen=True, slots=True)
class Line:
    """One feature in one month for the office; ``people`` and ``uses`` are None where too few used it."""

    month: date
    feature: str
    people: int | None
    uses: int | None


def own(account_id: UUID) -> QuerySet[UsageEvent]:
    """Every entry stored of this person, newest first."""
    return UsageEvent.objects.filter(user_id=account_id).order_by("-hour", "pk")


def stored_of(account_id: UUID) -> Stored:
    """The figures above the list: one query."""
    day = TruncDate("hour", tzinfo=ZONES[Jurisdiction.FR])
    found = own(account_id).aggregate(
        entries=Count("pk"), days=Count(day, distinct=True), first=Min("hour"), last=Max("hour")
    )
    return Stored(**found)


def words_of(feature: str) -> str:
    """What a stored feature is called; one that left the list, by its stored name."""
    return gettext(WORDS[Feature(feature)]) if feature in set(Feature) else feature


def device_words(device: str) -> str:
    """What a kind of device is called."""
    return gettext(device)


def counted_features() -> list[str]:
    """Everything that can be counted, as the page says it."""
    return [gettext(words) for words in WORDS.values()]


def totals(month: date, now: datetime) -> Iterator[Line]:
    """What the people who agree at ``now`` used in a whole month, most used first.

    Fewer than :data:`LEAST` people, and the line says only that. A month that isn't over has no lines: a total that grows
    by the day tells who came in between.
    """
    after = add_months(month, 1)
    if after > legal_day(now):
        return
    rows = UsageEvent.objects.filter(
        hour__gte=start_of(month), hour__lt=start_of(after), user_id__in=queries.subjects_on(KEY, now=now)
    )
    counted = rows.values("feature").annotate(people=Count("user", distinct=True), uses=Count("pk"))
    for row in counted.order_by("-people", "feature"):
        enough = row["people"] >= LEAST
        yield Line(month, words_of(row["feature"]), row["people"] if enough else None, row["uses"] if enough else None)


def past_term(now: datetime) -> QuerySet[UsageEvent]:
    """The entries that go."""
    return UsageEvent.objects.filter(hour__lt=start_of(first_kept(now)))


def first_kept(now: datetime) -> date:
    """The first day whose entries stay."""
    return add_months(legal_day(now), -KEPT_MONTHS)
