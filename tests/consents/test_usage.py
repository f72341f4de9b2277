"""No use of the product is stored without a grant, and a withdrawal erases what was stored under it (PC-19)."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import EventEntry
from consents import grants, hooks
from consents.grants import NoGrant, grant_for
from consents.usage import actions, promises, queries
from consents.usage.actions import record_use
from consents.usage.features import PAGES, WORDS, Device, Feature, device_of
from consents.usage.ledger import KEY
from consents.usage.middleware import count
from consents.usage.models import UsageEvent
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.tables import account_tables, rows_of
from lifecycle.deletion import actions as deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.expiring import usage as sweep
from lifecycle.rights.replay import STEPS, forget_uses_again
from praticonnect.access import table
from praticonnect.database import as_owner
from privacy.declare import REGISTRY
from tests.accounts.factories import make_account, make_practitioner, make_staff, verified_client
from tests.consents.factories import NOON, choose, person

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR = timedelta(hours=1)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1"


def agree(user: User, on: bool = True, **said: Any) -> None:
    choose(person(user.pk), KEY, on, **said)


def use(user: User, feature: Feature = Feature.PATIENTS, *, now: datetime = NOON + HOUR) -> bool:
    grant = grant_for(user.pk, KEY, now=now)
    return record_use(grant=grant, feature=feature, device=Device.COMPUTER, now=now)


@pytest.fixture
def agreeing() -> User:
    user = make_account()
    agree(user)
    return user


def test_every_page_that_counts_is_a_practitioner_s_page_with_a_name() -> None:
    """A closed list: names of addresses that exist, none of the privacy centre, each feature in words."""
    rows = table()
    assert {name for name in PAGES if name not in rows} == set()
    assert {name for name in PAGES if name.startswith(("gdpr:", "consents:", "accounts:"))} == set()
    assert (set(PAGES.values()), set(WORDS)) == (set(Feature), set(Feature))


def test_pages_are_counted_after_a_yes_and_by_name_alone() -> None:
    """Through the whole house: nothing before the yes; after it the name, the hour and the kind of device."""
    user = make_practitioner()
    client = verified_client(user)
    asked = {"HTTP_USER_AGENT": IPHONE, "REMOTE_ADDR": "198.51.100.7"}
    client.get(reverse("records:patients"), {"q": "Lefèvre"}, **asked)
    assert UsageEvent.objects.count() == 0
    agree(user, now=timezone.now())
    client.get(reverse("records:patients"), {"q": "Lefèvre"}, **asked)
    client.get(reverse("records:patients"), HTTP_HX_REQUEST="true", **asked)
    client.get(reverse("gdpr:overview"), **asked)
    client.get(reverse("records:file", args=[user.pk]), **asked)  # no such file: 404
    [row] = UsageEvent.objects.values()
    del row["id"]
    hour = row.pop("hour")
    assert row == {"user_id": user.pk, "feature": "patients", "device": "phone"}
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)
    agree(user, False, now=timezone.now())
    client.get(reverse("records:patients"), **asked)
    assert UsageEvent.objects.count() == 0


def test_counting_costs_one_question_without_a_yes_and_three_trips_with_one() -> None:
    """All of it after the answer is out. One insert; the ledger is asked before, and again in the trip that writes."""
    user = make_account()
    request = RequestFactory().get("/")
    request.user, request.now, request.actor = user, NOON + HOUR, Actor(user.pk, "practitioner")
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            count(request, Feature.TODAY)
        costs.append(len(captured))
        agree(user)
    assert (costs, UsageEvent.objects.count()) == ([1, 3], 1)


def test_taking_it_back_erases_in_the_same_transaction(agreeing: User) -> None:
    """PC-19: together or not at all; another person's entries stay."""
    other = make_account()
    agree(other)
    use(agreeing), use(agreeing, Feature.TODAY), use(other)
    with transaction.atomic():
        agree(agreeing, False, now=NOON + 2 * HOUR)
        erased = UsageEvent.objects.count()
        transaction.set_rollback(True)
    assert erased == 1
    assert UsageEvent.objects.count() == 3
    agree(agreeing, False, now=NOON + 2 * HOUR)
    assert set(UsageEvent.objects.values_list("user_id", flat=True)) == {other.pk}
    line = EventEntry.objects.get(verb="consents.usage.erased")
    assert (line.subject_id, line.detail) == (agreeing.pk, {"rows": 2})


def test_a_grant_in_hand_is_worth_nothing_after_the_no(agreeing: User) -> None:
    """Minted before, used after: the trip that writes asks the ledger itself."""
    grant = grant_for(agreeing.pk, KEY, now=NOON + HOUR)
    agree(agreeing, False, now=NOON + HOUR)
    assert record_use(grant=grant, feature=Feature.TODAY, device=Device.PHONE, now=NOON + HOUR) is False
    assert UsageEvent.objects.count() == 0


def test_what_a_backup_brings_back_is_erased_again(agreeing: User) -> None:
    """NEW-08: the ledger's no is replayed from the rights journal as a row, so the replay erases what it had erased."""
    use(agreeing)
    agree(agreeing, False, now=NOON + 3 * HOUR)
    UsageEvent.objects.create(user=agreeing, feature="today", device="phone", hour=NOON)  # the restored row
    agree(agreeing, now=NOON + 4 * HOUR)
    use(agreeing, now=NOON + 5 * HOUR)
    assert forget_uses_again in STEPS
    found = [forget_uses_again(by=Actor.system("replay"), now=NOON + 5 * HOUR) for _ in range(2)]
    assert (found, UsageEvent.objects.get().hour) == (
        [{"uses erased again": 1}, {"uses erased again": 0}],
        NOON + 5 * HOUR,
    )


def test_another_purpose_s_grant_counts_nothing(agreeing: User) -> None:
    choose(person(agreeing.pk), "marketing_emails")
    grant = grant_for(agreeing.pk, "marketing_emails", now=NOON)
    with pytest.raises(ValueError, match="doesn't allow counting"):
        record_use(grant=grant, feature=Feature.TODAY, device=Device.PHONE, now=NOON)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_use_that_meets_the_withdrawal_waits_and_stores_nothing() -> None:
    """The withdrawal isn't committed yet while the use is written: it waits for it, sees the no, and leaves no row behind."""
    user = make_account()
    agree(user)
    grant = grant_for(user.pk, KEY, now=NOON + HOUR)
    stored: list[bool] = []

    def write() -> None:
        try:
            stored.append(record_use(grant=grant, feature=Feature.TODAY, device=Device.PHONE, now=NOON + HOUR))
        finally:
            connections.close_all()

    with transaction.atomic():
        agree(user, False, now=NOON + HOUR)
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.3)
        waited = writer.is_alive()
    writer.join(5)
    assert (waited, stored, UsageEvent.objects.count()) == (True, [False], 0)


def test_who_asked_for_deletion_is_not_counted() -> None:
    """PC-34: suspended without a line in the ledger; nothing is stored from that moment on."""
    user, now = make_practitioner(), timezone.now()
    agree(user, now=now)
    plan = plan_for_account(user.pk, now).sha256
    deletion.request_deletion(user=user, plan_sha256=plan, by=Actor(user.pk, "practitioner"), now=now)
    with pytest.raises(NoGrant):
        use(user, now=now + HOUR)


def test_person_sees_each_entry_with_its_days(agreeing: User) -> None:
    """The page lists exactly the rows of the table, counts days, and costs the same for more."""
    user = make_practitioner()
    agree(user)
    client, counted = verified_client(user), []
    for day in range(3):
        use(user, Feature.TODAY, now=NOON + HOUR + timedelta(days=day))
        use(user, Feature.MEASURES, now=NOON + HOUR + timedelta(days=day))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reverse("consents:usage"))
        counted.append(len(captured))
    shown = {(row.pk, words) for row, words, _device in page.context["rows"]}
    rows = UsageEvent.objects.filter(user=user)
    assert shown == {(row.pk, WORDS[Feature(row.feature)]) for row in rows}
    stored = page.context["stored"]
    assert (stored.entries, stored.days, str(stored.oldest_leaves_on)) == (6, 3, "2027-11-18")
    assert counted[0] == counted[2]


def test_somebody_else_s_entries_are_on_nobody_s_page(agreeing: User) -> None:
    use(agreeing)
    page = verified_client(make_practitioner()).get(reverse("consents:usage"))
    assert (page.context["rows"], page.context["stored"].entries) == ([], 0)


def test_entries_are_in_the_export_and_in_the_erasure(agreeing: User) -> None:
    use(agreeing)
    [declared] = [one for one in account_tables(Scope.PORTABILITY) if one.label == "consents.UsageEvent"]
    assert (declared, rows_of(declared, agreeing.pk).count()) == (REGISTRY["consents.UsageEvent"], 1)


def test_entries_leave_after_their_year(agreeing: User) -> None:
    """The day after the last one, and not before."""
    use(agreeing, now=datetime(2026, 11, 18, 12, tzinfo=UTC))
    by, counts = Actor.system("sweep"), []
    for day in (18, 19):
        outcome = sweep.sweep(by=by, now=datetime(2027, 11, day, 12, tzinfo=UTC), dry_run=False)[sweep.NAME]
        counts.append((outcome.due, outcome.done))
    assert (counts, UsageEvent.objects.count()) == ([(0, 0), (1, 1)], 0)


def test_office_sees_totals_of_eleven_and_of_whole_months_only() -> None:
    """Ten people, and the line says only that; the eleventh shows it; a no takes somebody out of it again."""
    people = [make_account() for _ in range(11)]
    for one in people:
        agree(one)
        use(one, Feature.TODAY)
    for one in people[:10]:
        use(one, Feature.MEASURES)
    november, later = NOON.date().replace(day=1), NOON + timedelta(days=20)
    assert list(queries.totals(november, NOON + timedelta(days=2))) == []
    found = {line.feature: (line.people, line.uses) for line in queries.totals(november, later)}
    assert found == {WORDS[Feature.TODAY]: (11, 11), WORDS[Feature.MEASURES]: (None, None)}
    agree(people[0], False, now=later)
    assert [line.people for line in queries.totals(november, later)] == [None, None]


def test_office_page_is_there() -> None:
    assert verified_client(make_staff()).get(reverse("admin:usage")).context["lines"] == []


@pytest.mark.parametrize(
    ("browser", "kind"),
    [
        (IPHONE, "phone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140", "tablet"),
        ("Mozilla/5.0 (X11; Linux)", "computer"),
    ],
)
def test_of_a_browser_only_the_kind_of_device_is_kept(browser: str, kind: str) -> None:
    assert device_of(browser) == kind


def measured() -> tuple[bool, dict[str, Any]]:
    found = promises.use_is_counted_only_under_a_grant(NOON + 3 * HOUR)
    return found.kept, dict(found.figures)


def test_promise_is_kept_and_counts(agreeing: User) -> None:
    use(agreeing)
    kept, figures = measured()
    assert (kept, figures["entries"], figures["people"], figures["people_who_agree"]) == (True, 1, 1, 1)


@pytest.mark.parametrize(
    ("row", "figure"),
    [
        ({"hour": NOON - 5 * HOUR}, "stored_without_a_yes_before"),
        ({"feature": "search:Lefèvre"}, "features_outside_the_list"),
        ({"hour": NOON + timedelta(minutes=7)}, "finer_than_an_hour"),
        ({"hour": NOON - timedelta(days=500)}, "past_their_term"),
    ],
)
def test_row_by_another_hand_breaks_it(agreeing: User, row: dict[str, Any], figure: str) -> None:
    UsageEvent.objects.create(**{"user": agreeing, "feature": "today", "device": "phone", "hour": NOON, **row})
    kept, figures = measured()
    assert (kept, figures[figure]) == (False, 1)


def test_row_that_outlives_the_no_breaks_it(agreeing: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hooks.on_decision, KEY, [])
    use(agreeing, now=NOON)
    agree(agreeing, False, now=NOON + 2 * HOUR)
    kept, figures = measured()
    assert (kept, figures["stored_in_spite_of_a_no_since"], figures["a_no_erases"]) == (False, 1, False)


def test_whoever_stores_without_asking_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole request with a mint that asks nobody: PostgreSQL still refuses; with that gone too, the promise says so."""
    user = make_account()
    agree(user, False)
    monkeypatch.setattr(actions, "YES", ["given", "renewed", "refused", "withdrawn"])
    grant = grants.Grant(grants._MINT, user.pk, KEY, None, NOON)
    assert record_use(grant=grant, feature=Feature.TODAY, device=Device.PHONE, now=NOON + HOUR) is True
    kept, figures = measured()
    assert (kept, figures["stored_without_a_yes_before"]) == (False, 1)


def test_a_column_that_nobody_announced_breaks_it() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table consents_usageevent add column address inet")
    kept, figures = measured()
    assert (kept, figures["columns_beyond_the_announced"]) == (False, ["address"])


def test_counting_anywhere_but_at_the_edge_breaks_it(settings: Any) -> None:
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith(".Usage")]
    kept, figures = measured()
    assert (kept, figures["counted_at_the_edge"]) == (False, False)
