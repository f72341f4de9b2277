"""What is promised about counting the use of the product, read from what is stored (PC-19)."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Q

from consents import hooks
from consents.queries import subjects_on
from consents.usage import queries
from consents.usage.actions import forget_uses
from consents.usage.features import Feature
from consents.usage.ledger import KEY, before_any_yes, outlived_a_no
from consents.usage.middleware import Usage
from consents.usage.models import UsageEvent
from privacy.promises import Measure, promise

COLUMNS: Final = frozenset({"id", "user_id", "feature", "device", "hour"})
PATIENCE: Final = timedelta(days=2)
"""How long a sweep may be late before the promise counts as broken."""


@promise("PC-19", checked_by="tests/consents/test_usage.py")
def use_is_counted_only_under_a_grant(now: datetime) -> Measure:
    """Each entry lies after its person's yes and before any later no; it says a feature and an hour, and leaves at its term."""
    rows = UsageEvent.objects.all()
    features = [feature.value for feature in Feature]
    wrong = {
        "stored_without_a_yes_before": before_any_yes().count(),
        "stored_in_spite_of_a_no_since": outlived_a_no().count(),
        "features_outside_the_list": rows.exclude(feature__in=features).count(),
        "finer_than_an_hour": rows.filter(~Q(hour__minute=0) | ~Q(hour__second=0)).count(),
        "past_their_term": queries.past_term(now - PATIENCE).count(),
        "columns_beyond_the_announced": sorted(_columns() - COLUMNS),
    }
    stands = {
        "a_no_erases": forget_uses in hooks.on_decision[KEY],
        "counted_at_the_edge": f"{Usage.__module__}.{Usage.__qualname__}" in settings.MIDDLEWARE,
    }
    figures = {
        "entries": rows.count(),
        "people": rows.values("user").distinct().count(),
        "people_who_agree": subjects_on(KEY, now=now).distinct().count(),
        **wrong,
        **stands,
    }
    return Measure(all(stands.values()) and not any(wrong.values()), figures)


def _columns() -> set[str]:
    """The columns that PostgreSQL has, whatever the model says."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, UsageEvent._meta.db_table)
    return {str(column.name) for column in found}
