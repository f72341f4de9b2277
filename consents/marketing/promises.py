"""What is promised about news by e-mail, read from the egress journal, the audience and the ledger, and tried (PC-18, PC-100)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.refs import Kind
from adapters.models import Egress
from adapters.states import State
from audit.actors import Actor
from consents import hooks, queries
from consents.leaving import was_live
from consents.marketing import links
from consents.marketing.audience import JOIN, KEY, when_turned, withdraw
from consents.marketing.models import AudienceMember
from consents.marketing.news import NEWS
from consents.models import ConsentEvent, Stop
from consents.states import Action
from consents.trial import trial
from privacy.promises import Measure, promise

CHECKED: Final = "tests/adapters/test_marketing.py"
PATIENCE: Final = timedelta(hours=2)
"""The two lists are compared every hour."""
WAYS: Final = ("link", "resend", "spam")


@promise("PC-18", checked_by=CHECKED)
def no_news_without_a_live_consent(now: datetime) -> Measure:
    """Each message of the newsletter left on a consent that stood in that moment; one click, tried now, writes a withdrawal."""
    left = Egress.objects.filter(ground=KEY)
    dead = sum(not was_live(line) for line in left.iterator())
    elsewhere = left.exclude(subprocessor="resend").count()
    groundless = Outgoing.objects.filter(kind__in=[NEWS, JOIN]).exclude(ground=Kind.CONSENT, slot=KEY).count()
    stopped = _one_click_stops(now)
    ways = ConsentEvent.objects.filter(key=KEY, action=Action.WITHDRAWN, channel__in=WAYS)
    figures = {
        "lines_on_this_consent": left.count(),
        "left_without_a_live_consent": dead,
        "left_to_another_service": elsewhere,
        "messages_that_rest_on_nothing": groundless,
        "one_click_stops_it": stopped,
        "withdrawn_by_way": dict(ways.values_list("channel").annotate(Count("pk")).order_by("channel")),
    }
    return Measure(stopped and not (dead or elsewhere or groundless), figures)


@promise("PC-100", checked_by=CHECKED)
def the_audience_follows_the_ledger(now: datetime) -> Measure:
    """Nobody stands in the audience two hours after taking it back; who left at Resend is in the ledger; both kinds of mail are apart."""
    members = set(AudienceMember.objects.values_list("pk", flat=True))
    late = _withdrawn_before(members - queries.live_among(members, KEY, now=now), now - PATIENCE)
    told = Incoming.objects.filter(subprocessor="resend")
    unheard = told.filter(~Q(state=State.DONE), kind__startswith="contact.", received_at__lt=now - PATIENCE).count()
    stuck = Stop.objects.filter(name="resend_audience").filter(
        Q(state=State.FAILED) | Q(state=State.WAITING, asked_at__lt=now - PATIENCE)
    )
    follows = when_turned in hooks.on_decision[KEY]
    lines = Egress.objects.filter(subprocessor="resend")
    figures = {
        "readers": len(members),
        "readers_who_took_it_back": late,
        "leaving_that_hangs": stuck.count(),
        "events_heard": told.count(),
        "events_not_applied": unheard,
        "a_yes_joins": follows,
        "lines_on_the_consent": lines.filter(ground=KEY).count(),
        "lines_on_a_legal_basis": lines.exclude(ground=KEY).count(),
    }
    return Measure(follows and not (late or stuck.exists() or unheard), figures)


def _one_click_stops(now: datetime) -> bool:
    """On a trial: the token of a message, and nothing else, turns the switch off."""
    with trial(now) as somebody:
        somebody.turn(KEY, on=True)
        found = links.read(links.token_of(somebody.subject_id))
        forged = links.read(f"{somebody.subject_id.hex}:forged")
        if found is not None:
            withdraw(found, Actor(account_id=found, role="account", channel="link"), now)
        return found is not None and forged is None and not queries.is_live(somebody.subject_id, KEY, now=now)


def _withdrawn_before(people: set[UUID], moment: datetime) -> int:
    """How many of these have had no consent since before ``moment``."""
    lately = ConsentEvent.objects.filter(subject_id__in=people, key=KEY, action=Action.WITHDRAWN, at__gt=moment)
    return len(people - set(lately.values_list("subject_id", flat=True)))
