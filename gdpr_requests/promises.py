"""What the rights desk promises, measured on the live database."""

from collections import defaultdict
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.urls import NoReverseMatch, reverse

from gdpr_requests import effects
from gdpr_requests import naming_promises as _naming  # noqa: F401 - registers PC-01 for what leaves the house
from gdpr_requests import withdrawal_promises as _withdrawal  # noqa: F401 - registers PC-66
from gdpr_requests.deciding import promises as _deciding  # noqa: F401 - registers MD-31
from gdpr_requests.desk import closing, identity, objecting, queries
from gdpr_requests.desk import correcting as _correcting  # noqa: F401 - registers PC-61
from gdpr_requests.desk import pace_promises as _paces  # noqa: F401 - registers MD-44, response times
from gdpr_requests.desk.forms import RIGHT_CHOICES
from gdpr_requests.desk.grounds import grounds_of
from gdpr_requests.desk.reminding import Kind
from gdpr_requests.desk.states import DONE, Event
from gdpr_requests.desk.wording import remedies
from gdpr_requests.directives import promises as _directives  # noqa: F401 - registers MD-30
from gdpr_requests.duties import promises as _duties  # noqa: F401 - registers PC-82
from gdpr_requests.export import promises as _exports  # noqa: F401 - registers those of exports (PC-60, PC-64)
from gdpr_requests.models import Channel, Exchange, IdentityDocument, Objection, Outcome, Proof, Reminder, Request
from gdpr_requests.portal import promises as _portal  # noqa: F401 - registers PC-70 for patients
from gdpr_requests.tabs import TABS
from privacy.clocks import legal_day
from privacy.deadlines import DataClass, Right, deadline
from privacy.promises import Measure, promise
from vault.queries import with_key

TESTS: Final = "tests/gdpr_requests/test_desk_promises.py"
GUARD: Final = "select count(*) from pg_trigger where tgname = 'gdpr_request_guard' and tgenabled = 'A'"
CENTRE: Final = (
    "gdpr:export", "consents:switches", "lifecycle:deletion", "gdpr:journal", "gdpr:register", "gdpr:requests",
)  # fmt: skip


@promise("PC-52", checked_by=TESTS)
def requests_leave_three_years_after_closure(now: datetime) -> Measure:
    """None is there beyond its term by more than a day, and what is left of one that left is nothing but a hash."""
    late = closing.due(now).filter(closed_at__lt=now - closing.OVERDUE).count()
    known = Request.objects.filter(pk=OuterRef("request_id"))
    orphans = Exchange.objects.filter(~Exists(known)).count() + Reminder.objects.filter(~Exists(known)).count()
    bad = sum(len(bytes(key)) != 32 for key in Objection.objects.values_list("address_key", flat=True))
    figures = {
        "requests": Request.objects.count(), "closed": Request.objects.exclude(closed_at=None).count(),
        "beyond_their_term": late, "exchanges_of_no_request": orphans, "objections": Objection.objects.count(),
        "objections_not_hashed": bad,
    }  # fmt: skip
    return Measure(kept=not (late or orphans or bad), figures=figures)


@promise("PC-65", checked_by=TESTS)
def objections_bite(now: datetime) -> Measure:
    """Each objection of an account with an address is on record from the moment it was filed, and none was refused."""
    objections = Request.objects.filter(right=Right.OBJECTION.value)
    silent = sum(not _is_recorded(one) for one in objections.exclude(account_id=None))
    refused = objections.filter(objects_to="marketing").exclude(outcome__in=["", Outcome.GRANTED]).count()
    biting = objecting.record in effects.at_once(Right.OBJECTION)
    figures = {
        "objections": objections.count(), "not_recorded": silent, "marketing_refused": refused, "bites_when_filed": biting,
    }  # fmt: skip
    return Measure(kept=biting and not (silent or refused), figures=figures)


@promise("PC-67", checked_by=TESTS)
def contact_form_gives_a_number(now: datetime) -> Measure:
    """The form is there for everybody, and each of its requests has a sealed address and its first exchange."""
    asked = Request.objects.filter(channel=Channel.FORM)
    first = Exchange.objects.filter(request_id=OuterRef("pk"), number=1, kind=Event.FILE.value)
    broken = asked.filter(Q(contact__isnull=True) | ~Exists(first)).count()
    figures = {"requests": asked.count(), "without_address_or_receipt": broken, "form": _is_there("gdpr:contact")}
    return Measure(kept=not broken and _is_there("gdpr:contact"), figures=figures)


@promise("PC-68", checked_by=TESTS)
def all_rights_start_in_the_privacy_centre(now: datetime) -> Measure:
    """Export, consents, deletion, journal, register and requests each have a tab whose page exists."""
    tabs = {name for name, _words in TABS}
    missing = [name for name in CENTRE if name not in tabs or not _is_there(name)]
    return Measure(kept=not missing, figures={"tabs": len(tabs), "missing": missing})


@promise("PC-69", checked_by=TESTS)
def refusals_show_the_way_on(now: datetime) -> Measure:
    """Each refusal, whole or in part, has a ground of its right and a letter with the CNIL and the courts."""
    refused = Request.objects.filter(outcome__in=[Outcome.PARTLY, Outcome.REFUSED])
    letter = Exchange.objects.filter(
        request_id=OuterRef("pk"), kind=Event.ANSWER.value, remedies=True, text__isnull=False
    )
    silent = refused.filter(~Exists(letter)).count()
    groundless = sum(one.ground not in grounds_of(Right(one.right)) for one in refused)
    named = all(word in remedies() for word in ("CNIL", "75334 Paris", settings.CONTROLLER["dpo_email"]))
    figures = {"refusals": refused.count(), "without_remedies": silent, "without_fitting_ground": groundless}
    return Measure(kept=named and not (silent or groundless), figures=figures)


@promise("MD-32", checked_by=TESTS)
def identity_is_proven_and_papers_are_destroyed(now: datetime) -> Measure:
    """Nothing was granted to somebody unknown; a checked document has no key and no object any more."""
    granted = Request.objects.filter(outcome__in=[Outcome.GRANTED, Outcome.PARTLY], proof="").count()
    unproven = Request.objects.filter(proof=Proof.DOCUMENT).exclude(documents__accepted=True).count()
    papers = IdentityDocument.objects.all()
    checked = papers.exclude(checked_at=None)
    alive = len(with_key(checked.values_list("pk", flat=True)))
    waiting = set(papers.exclude(storage_name="").values_list("storage_name", flat=True))
    left = len(set(identity.stored()) - waiting)
    lost = sum(not default_storage.exists(name) for name in waiting)
    broken = {
        "granted_to_somebody_unknown": granted, "proven_by_no_document": unproven, "checked_with_a_key": alive,
        "objects_left": left, "objects_lost": lost,
    }  # fmt: skip
    return Measure(
        kept=not any(broken.values()), figures={"checked": checked.count(), "waiting": len(waiting), **broken}
    )


@promise("MD-33", checked_by=TESTS)
def register_is_whole(now: datetime) -> Measure:
    """Numbers have no gap in any year still kept, each request stands where its thread says, and every key is there."""
    years = Request.objects.filter(year__gte=legal_day(now).year - 2).values("year")
    gaps = sum(row["last"] - row["count"] for row in years.annotate(last=Max("serial"), count=Count("pk")).order_by())
    last = Exchange.objects.filter(request_id=OuterRef("pk")).order_by("-number").values("state")[:1]
    moved = Request.objects.annotate(said=last).exclude(state=F("said")).count()
    ids: list[UUID] = list(Request.objects.values_list("pk", flat=True))
    broken = {
        "gaps_in_numbers": gaps, "not_where_the_thread_says": moved, "without_a_key": len(ids) - len(with_key(ids)),
        "guards_missing": 1 - _guards(),
    }  # fmt: skip
    channels = {row["channel"]: row["count"] for row in Request.objects.values("channel").annotate(count=Count("pk"))}
    figures = {"requests": len(ids), "exchanges": Exchange.objects.count(), "by_channel": channels}
    return Measure(kept=not any(broken.values()), figures=figures | broken)


@promise("MD-34", checked_by=TESTS)
def answers_come_in_time(now: datetime) -> Measure:
    """The stored dates are those of the law, none is overdue or was answered early, and reminders went out."""
    figures = queries.figures(Request.objects.all(), now)
    wrong = sum(not _has_its_dates(one) for one in Request.objects.iterator())
    early = Request.objects.filter(decided_at__lt=F("not_before")).count()
    silent = _extended_silently() + _not_reminded(now)
    late = figures.answered - figures.answered_in_time
    found = {
        "open": figures.open, "overdue": figures.overdue, "answered": figures.answered, "answered_late": late,
        "on_time_rate": figures.on_time, "by_right": figures.by_right, "dates_not_of_the_law": wrong,
        "answered_too_early": early, "extended_or_overdue_in_silence": silent,
    }  # fmt: skip
    return Measure(kept=not (figures.overdue or late or wrong or early or silent), figures=found)


@promise("MD-35", checked_by=TESTS)
def hosting_can_be_objected_to(now: datetime) -> Measure:
    """It is a right of its own that the form offers; none of those filed is overdue."""
    filed = Request.objects.filter(right=Right.HOSTING_OBJECTION.value)
    late = queries.overdue(filed, legal_day(now)).count()
    offered = any(value == Right.HOSTING_OBJECTION.value for value, _words in RIGHT_CHOICES)
    return Measure(kept=offered and not late, figures={"filed": filed.count(), "overdue": late, "offered": offered})


def _is_recorded(request: Request) -> bool:
    """Addresses change, so that any objection of the kind that was on record at the filing is taken for it."""
    return Objection.objects.filter(kind=request.objects_to, since_at__lte=request.filed_at).exists()


def _is_there(view: str) -> bool:
    try:
        return bool(reverse(view))
    except NoReverseMatch:
        return False


def _has_its_dates(one: Request) -> bool:
    law = deadline(Right(one.right), DataClass(one.data_class), one.received_at)
    stored = (one.not_before, one.target_on, one.due_on)
    return stored == (law.not_before, law.target_on, law.due_on) and one.extended_until in (None, law.extended_until)


def _extended_silently() -> int:
    """Extensions without a notice that went out on the due day at the latest."""
    told: dict[UUID, datetime] = dict(
        Exchange.objects.filter(kind=Event.EXTEND.value).exclude(sent_by="").values_list("request_id", "at")
    )
    extended = Request.objects.exclude(extended_until=None)
    return sum(one.pk not in told or legal_day(told[one.pk]) > one.due_on for one in extended)


def _not_reminded(now: datetime) -> int:
    """Overdue for more than a day, and whoever must answer wasn't told so."""
    told: dict[UUID, int] = defaultdict(int)
    for request_id in Reminder.objects.filter(kind=Kind.OVERDUE.value).values_list("request_id", flat=True):
        told[request_id] += 1
    late = queries.overdue(Request.objects.exclude(state__in=DONE), legal_day(now - closing.OVERDUE))
    return sum(not told[one] for one in late.values_list("pk", flat=True))


def _guards() -> int:
    with connection.cursor() as cursor:
        cursor.execute(GUARD)
        return int(cursor.fetchone()[0])
