"""What the ledger says about entries of use: which were allowed when they were written, and which a later no should have erased."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from consents.models import ConsentEvent
from consents.states import RESULT, Position
from consents.usage.models import UsageEvent

KEY: Final = "analytics_product"
YES: Final = [action.value for action, position in RESULT.items() if position is Position.ON]
HOUR: Final = timedelta(hours=1)


def before_any_yes() -> QuerySet[UsageEvent]:
    """Entries whose person hadn't agreed by the end of their hour."""
    return UsageEvent.objects.exclude(_said(Q(action__in=YES, at__lt=F("ended"))))


def outlived_a_no() -> QuerySet[UsageEvent]:
    """Entries whose person has taken it back since their hour."""
    return UsageEvent.objects.filter(_said(~Q(action__in=YES) & Q(at__gte=F("ended"))))


def _said(what: Q) -> Exists:
    """Whether there is such a decision on the switch, by the person of the entry; ``ended`` is the end of the entry's hour."""
    entries = ConsentEvent.objects.filter(subject_id=OuterRef("user_id"), key=KEY)
    return Exists(entries.annotate(ended=OuterRef("hour") + HOUR).filter(what))
