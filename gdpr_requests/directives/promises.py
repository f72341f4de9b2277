"""MD-30, measured on the live database."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from audit.models import EventEntry
from care.models import Capacity, PortalLink
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from consents.queries import is_live
from gdpr_requests import effects
from gdpr_requests.directives import dying
from gdpr_requests.directives.words import CONSENT
from gdpr_requests.models import Channel, Directive, DirectiveKind, Outcome, Request
from privacy.deadlines import Right
from privacy.promises import Measure, promise
from records.actions.deaths import told
from vault.queries import with_key

GUARD: Final = "select count(*) from pg_trigger where tgname = 'directive_only_ends' and tgenabled = 'A'"
RECORDED: Final = "records.death.recorded"


@promise("MD-30", checked_by="tests/gdpr_requests/test_directives.py")
def directives_are_kept_and_carried_out(now: datetime) -> Measure:
    """What counts can be read and rests on its consent, what ended is destroyed, and each recorded death was acted on by people."""
    live = list(Directive.objects.filter(ended_at=None))
    ended: list[UUID] = list(Directive.objects.exclude(ended_at=None).values_list("pk", flat=True))
    broken = {
        "without_a_key": len(live) - len(with_key([row.pk for row in live])),
        "without_their_consent": sum(not _agreed(row, now) for row in live if row.kind == DirectiveKind.SPECIFIC),
        "ended_with_a_key": len(with_key(ended)), "deaths_not_acted_on": _unanswered_deaths(),
        "handed_over_to_somebody_unknown": _unproven(), "not_wired": _not_wired(), "guards_missing": 1 - _guards(),
    }  # fmt: skip
    opened = Request.objects.filter(channel=Channel.DEATH)
    figures = {
        "live": len(live), "ended": len(ended), "requests_after_a_death": opened.count(),
        "of_them_decided": opened.exclude(decided_at=None).count(),
    }  # fmt: skip
    return Measure(kept=not any(broken.values()), figures=figures | broken)


def _agreed(row: Directive, now: datetime) -> bool:
    """Whether its consent stands in the ledger under that entry, and wasn't withdrawn."""
    if row.consent_id is None:
        return False
    entry = ConsentEvent.objects.filter(pk=row.consent_id, subject_id=row.account_id, key=CONSENT)
    return entry.exists() and is_live(row.account_id, CONSENT, now=now)


def _unanswered_deaths() -> int:
    """Deaths recorded in a file whose patient's account had directives in force then, that opened no request."""
    missing = 0
    with scope(ALL):
        for event in EventEntry.objects.filter(verb=RECORDED, subject_id__isnull=False).order_by():
            own = {"patient_id": event.subject_id, "capacity": Capacity.SELF}
            links = PortalLink.objects.live(event.at).filter(**own)
            for account_id in links.values_list("account_id", flat=True):
                then = Directive.objects.filter(Q(ended_at=None) | Q(ended_at__gt=event.at), account_id=account_id)
                asked = Request.objects.filter(channel=Channel.DEATH, account_id=account_id, practice_id=None)
                missing += then.filter(written_at__lte=event.at).exists() and not asked.exists()
    return missing


def _unproven() -> int:
    granted = Request.objects.filter(channel=Channel.DEATH, outcome__in=[Outcome.GRANTED, Outcome.PARTLY])
    return granted.filter(contact__isnull=False, proof="").count()


def _not_wired() -> list[str]:
    """What has to be asked when a death is recorded, and when its request is granted."""
    wired = {
        "recorded": dying.death_recorded in told,
        "granted": effects.handler_of(Right.DIRECTIVES) is dying.carry_out,
    }
    return [name for name, there in wired.items() if not there]


def _guards() -> int:
    with connection.cursor() as cursor:
        cursor.execute(GUARD)
        return int(cursor.fetchone()[0])
