"""A practitioner's link to Google Calendar, from the yes to its end (PC-96)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test import Client

from accounts.models import User
from adapters import google, inbox, outbox
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.queue import DONE
from adapters.inbox import Arrival, Unverified, receive
from adapters.models import Breaker, Egress, Switch
from adapters.states import State
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.stopping import SOON
from fakes.server import Fakes
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.plan import plan_for_account
from privacy.ids import new_id
from privacy.refusals import Refused
from subprocessors.calendars import actions, queries, sending
from subprocessors.calendars.models import BusyTime, CalendarLink
from subprocessors.calendars.promises import google_has_hours_as_long_as_the_person_agrees
from tests.accounts.factories import make_practitioner
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.adapters.factories import work
from tests.records.factories import NOW, make_consultation, make_file
from tests.subprocessors.links import BACK, brought, linked, measured, stop_all, turn

# ruff: noqa: F811
pytestmark = pytest.mark.django_db(databases="__all__")
HOUR = timedelta(hours=1)
SEEDED = ("SEEDMIGRAINE", "Lefèvre", "Éloïse")


@pytest.fixture(autouse=True)
def clock(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's clock stands where ours does, and nobody rings a bell."""
    fakes.at(NOW)
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)


@pytest.fixture
def link(fakes: Fakes) -> CalendarLink:
    return linked(fakes)


def busy(link: CalendarLink, busy_id: Any = None, *, hours: int = 1) -> Any:
    busy_id = busy_id or new_id()
    said = {"busy_id": busy_id, "starts_at": NOW + HOUR, "ends_at": NOW + HOUR * (1 + hours)}
    actions.show_busy(account_id=link.account_id, now=NOW, **said)
    work(NOW)
    return busy_id


def there(fakes: Fakes) -> dict[str, tuple[str, str]]:
    """What stands in Google's calendars."""
    events = [one for each in fakes["google"].calendars.values() for one in each.values()]
    return {one["id"]: (one["summary"], one["end"]["dateTime"]) for one in events if one["status"] == "confirmed"}


def withdraw(user: User) -> None:
    turn(user, "google", on=False)


def test_a_link_has_a_calendar_of_its_own_a_channel_and_sealed_tokens(fakes: Fakes, link: CalendarLink) -> None:
    (calendar,) = fakes["google"].calendars
    assert (link.calendar_id, [str(link.channel_id)], link.channel_until) == (calendar, list(fakes["google"].channels), NOW + timedelta(days=7))  # fmt: skip
    stored = CalendarLink.objects.extra(select={"raw": "refresh_token || access_token || calendar_id || channel_token"}).values_list("raw", flat=True)[0]  # fmt: skip
    assert (stored.count("sealed1."), link.refresh_token in stored, link.access_token in stored) == (4, False, False)
    assert queries.standing_of(link.account_id) == queries.Standing(link, 0, False, False, False)
    assert set(Outgoing.objects.values_list("state", "payload")) == {(State.DONE, None)}


def test_busy_times_come_move_and_go_without_a_word(fakes: Fakes, link: CalendarLink) -> None:
    first, second = busy(link), busy(link)
    busy(link, first, hours=3)
    actions.show_free(account_id=link.account_id, busy_id=second, now=NOW)
    work(NOW)
    assert there(fakes) == {first.hex: ("Indisponible", "2026-11-18T15:00:00Z")}
    assert list(BusyTime.objects.values_list("pk", flat=True)) == [first]


def test_nothing_of_a_visit_is_in_any_call(fakes: Fakes, link: CalendarLink) -> None:
    """Ecosystem 7.3 item 7: the busy time has the visit's id, the visit has words, none of which leaves."""
    user = User.objects.get(pk=link.account_id)
    file = make_file(user)
    visit = make_consultation(file, user, reason="SEEDMIGRAINE")
    busy(link, visit.pk)
    actions.show_free(account_id=user.pk, busy_id=visit.pk, now=NOW)
    work(NOW)
    said = "".join(call.text + str(call.headers) + call.path + str(call.query) for call in fakes["google"].calls)
    assert visit.pk.hex in said
    assert not [word for word in (*SEEDED, user.email, str(file.pk)) if word in said]


def test_what_somebody_changes_there_by_hand_is_brought_back_after_a_notice(fakes: Fakes, link: CalendarLink, client: Client) -> None:  # fmt: skip
    one = busy(link)
    sending.every_hour(Outgoing(), None, NOW)  # type: ignore[arg-type]
    work(NOW)
    fakes["google"].by_hand(link.calendar_id, one.hex, status="cancelled")
    assert there(fakes) == {}
    notice = fakes["google"].notices[-1]
    assert brought(client, notice) == 200
    assert brought(client, notice) == 200
    _apply()
    work(NOW)
    assert (there(fakes), Incoming.objects.count()) == ({one.hex: ("Indisponible", "2026-11-18T13:00:00Z")}, 1)


def _apply() -> None:
    while row := Incoming.claim(NOW + timedelta(days=3650)):
        inbox.finish(row, inbox.attempt(row, now=NOW), now=NOW)


@pytest.mark.parametrize(
    "changed",
    [{"X-Goog-Channel-Token": "other"}, {"X-Goog-Channel-ID": str(new_id())}, {"X-Goog-Resource-ID": "res-other"},
     {"X-Goog-Channel-ID": "no id"}, {"X-Goog-Channel-Token": ""}],
    ids=["token", "channel", "resource", "no channel", "no token"],
)  # fmt: skip
def test_a_notice_that_isn_t_the_stored_channel_s_is_refused(fakes: Fakes, link: CalendarLink, client: Client, changed: dict[str, str]) -> None:  # fmt: skip
    assert brought(client, fakes["google"].notices[-1], **changed) == 401
    assert not Incoming.objects.exists()


def test_a_notice_without_a_number_can_t_be_read(link: CalendarLink, fakes: Fakes, client: Client) -> None:
    assert brought(client, fakes["google"].notices[-1], **{"X-Goog-Message-Number": "one"}) == 400


def test_a_lost_place_leads_to_a_whole_look(fakes: Fakes, link: CalendarLink) -> None:
    """410: what is missing in the whole list is written again, what nobody knows here is deleted."""
    kept, freed = busy(link), busy(link)
    sending.every_hour(Outgoing(), None, NOW)  # type: ignore[arg-type]
    work(NOW)
    fakes["google"].by_hand(link.calendar_id, kept.hex, status="cancelled")
    BusyTime.objects.filter(pk=freed).delete()
    fakes["google"].forget()
    sending.every_hour(Outgoing(), None, NOW + HOUR)  # type: ignore[arg-type]
    fakes.at(NOW + HOUR)
    work(NOW + HOUR)
    assert there(fakes) == {kept.hex: ("Indisponible", "2026-11-18T13:00:00Z")}


def waiting() -> dict[str, int]:
    rows = Outgoing.objects.filter(state=State.WAITING, kind__in=(actions.SYNC, actions.WATCH)).values_list("kind")
    return dict(rows.annotate(number=Count("pk")).order_by())


@pytest.mark.parametrize("closed", ["office", "setting", "breaker", ""])
def test_hours_without_a_worker_add_one_row_each_and_none_while_google_is_closed(
    link: CalendarLink, settings: Any, closed: str
) -> None:
    later = NOW + timedelta(days=6, hours=12)  # the channel ends soon
    if closed == "office":
        Switch.objects.create(subprocessor="google", reason="away", off_at=NOW)
    if closed == "breaker":
        Breaker.objects.create(pk="google", failures=5, failed_at=NOW, until=NOW + timedelta(days=9))
    settings.ADAPTERS["google"]["off"] = closed == "setting"
    for hour in range(30):
        sending.every_hour(Outgoing(), None, later + hour * HOUR)  # type: ignore[arg-type]
    assert waiting() == ({} if closed else {actions.SYNC: 1, actions.WATCH: 1})


def test_a_channel_is_renewed_before_its_end_and_the_old_one_closed(fakes: Fakes, link: CalendarLink) -> None:
    old, later = link.channel_id, NOW + timedelta(days=6, hours=1)
    fakes.at(later)
    for _again in range(2):
        sending.every_hour(Outgoing(), None, later)  # type: ignore[arg-type]
    work(later)
    link.refresh_from_db()
    assert ([str(link.channel_id)], link.channel_until) == (list(fakes["google"].channels), later + timedelta(days=7))
    assert link.channel_id != old


def test_an_access_that_ran_out_is_renewed_and_one_that_isn_t_taken_too(fakes: Fakes, link: CalendarLink) -> None:
    fakes["google"].access.clear()
    one = busy(link)
    assert there(fakes) == {}
    work(NOW + timedelta(seconds=10))
    assert list(there(fakes)) == [one.hex]


def test_access_taken_back_at_google_is_noted_and_nothing_is_tried_further(fakes: Fakes, link: CalendarLink) -> None:
    fakes["google"].refresh.clear()
    busy(link)
    work(NOW + timedelta(seconds=10))
    link.refresh_from_db()
    before = fakes.count
    busy(link)
    assert (link.lost_at, fakes.count) == (NOW + timedelta(seconds=10), before)
    assert set(Outgoing.objects.filter(kind="google.busy").values_list("state", "problem")) == {("dropped", "link_gone"), ("done", "")}  # fmt: skip


def test_a_calendar_deleted_at_google_is_made_anew_with_everything(fakes: Fakes, link: CalendarLink) -> None:
    first = busy(link)
    fakes["google"].calendars.clear()
    second = busy(link)
    work(NOW + timedelta(seconds=10))
    link.refresh_from_db()
    assert (set(there(fakes)), list(fakes["google"].calendars)) == ({first.hex, second.hex}, [link.calendar_id])


def test_a_refused_sign_in_leaves_no_link_and_the_page_can_say_so(fakes: Fakes) -> None:
    user = make_practitioner(now=NOW)
    turn(user, "google")
    by = Actor(account_id=user.pk, role="practitioner")
    actions.connect(account_id=user.pk, code="4/never", verifier="v" * 64, back=BACK, by=by, now=NOW)
    assert queries.standing_of(user.pk).connecting
    work(NOW)
    assert queries.standing_of(user.pk) == queries.Standing(None, 0, False, True, False)
    assert Outgoing.objects.get().state == State.DROPPED


def ask_to_connect(link: CalendarLink) -> None:
    by = Actor(account_id=link.account_id, role="practitioner")
    actions.connect(account_id=link.account_id, code="4/another", verifier="v" * 64, back=BACK, by=by, now=NOW)


def test_a_living_link_isn_t_overwritten_and_neither_is_one_that_is_being_made(
    fakes: Fakes, link: CalendarLink
) -> None:
    with pytest.raises(Refused, match="disconnect it first"):
        ask_to_connect(link)
    CalendarLink.objects.update(lost_at=NOW)
    ask_to_connect(link)
    with pytest.raises(Refused, match="disconnect it first"):
        ask_to_connect(link)
    assert Outgoing.objects.filter(kind=actions.CONNECT, state=State.WAITING).count() == 1


@pytest.mark.parametrize("lost", [True, False])
def test_what_takes_a_link_s_place_leaves_no_access_that_nobody_remembers(
    fakes: Fakes, link: CalendarLink, lost: bool
) -> None:
    old = link.refresh_token
    CalendarLink.objects.update(lost_at=NOW if lost else None, sync_token="there")
    tokens = google.Tokens("access-2", "refresh-2", NOW + HOUR)
    new = actions.keep(link.account_id, tokens, now=NOW)
    new.refresh_from_db()
    assert (new.calendar_id, new.refresh_token) == (link.calendar_id, "refresh-2")
    assert (new.sync_token, new.channel_id, new.channel_until, new.resource_id) == ("", None, None, "")
    revoked = [row.content["token"] for row in Outgoing.objects.filter(kind=actions.REVOKE)]
    assert revoked == ([] if lost else [old])


def test_without_the_switch_there_is_no_link(fakes: Fakes) -> None:
    user = make_practitioner(now=NOW)
    by = Actor(account_id=user.pk, role="practitioner")
    with pytest.raises(Refused):
        actions.connect(account_id=user.pk, code="c", verifier="v", back=BACK, by=by, now=NOW)
    assert (Outgoing.objects.count(), fakes.count) == (0, 0)


def test_a_withdrawal_revokes_and_destroys(fakes: Fakes, link: CalendarLink) -> None:
    """PC-96: what waited is dropped with no packet, the row goes, Google destroys its side, the stop says when."""
    busy(link)
    actions.show_busy(account_id=link.account_id, busy_id=new_id(), starts_at=NOW, ends_at=NOW + HOUR, now=NOW)
    before = fakes.count
    withdraw(User.objects.get(pk=link.account_id))
    work(NOW)
    assert (fakes.count, Outgoing.objects.filter(state=State.DROPPED).count()) == (before, 1)
    assert stop_all(NOW) == [("google_calendar", "waiting")]
    assert not CalendarLink.objects.exists()
    assert not BusyTime.objects.exists()
    work(NOW)
    assert (fakes["google"].refresh, stop_all(NOW + SOON)) == (set(), [("google_calendar", "done")])
    assert measured("PC-96", NOW)


def test_a_link_is_destroyed_although_google_can_t_be_reached_and_revoked_when_it_can(fakes: Fakes, link: CalendarLink) -> None:  # fmt: skip
    fakes["google"].fail_next(close=True)
    withdraw(User.objects.get(pk=link.account_id))
    stop_all(NOW)
    work(NOW)
    assert (CalendarLink.objects.count(), len(fakes["google"].refresh)) == (0, 1)
    assert queries.standing_of(link.account_id).revoking
    assert stop_all(NOW + timedelta(minutes=1)) == [("google_calendar", "waiting")]
    work(NOW + HOUR)
    assert (fakes["google"].refresh, stop_all(NOW + HOUR)) == (set(), [("google_calendar", "done")])
    assert Outgoing.objects.get(kind="google.revoke").payload is None


def test_an_erasure_of_the_account_revokes_too(fakes: Fakes, link: CalendarLink) -> None:
    """The row goes with the account, the message that revokes its token outlives both."""
    busy(link)
    plan = plan_for_account(link.account_id, NOW)
    decide_account(link.account_id, approved=plan.sha256, by=Actor.operations("test"), now=NOW)
    assert (CalendarLink.objects.count(), BusyTime.objects.count(), len(fakes["google"].refresh)) == (0, 0, 1)
    work(NOW)
    stop_all(NOW)
    assert (fakes["google"].refresh, Outgoing.objects.get(kind="google.revoke").payload) == (set(), None)


def test_a_link_under_way_at_the_withdrawal_is_cut_when_it_is_made(fakes: Fakes, link: CalendarLink) -> None:
    user = User.objects.get(pk=link.account_id)
    by = Actor(account_id=user.pk, role="practitioner")
    CalendarLink.objects.update(lost_at=NOW)
    actions.connect(account_id=user.pk, code="4/c", verifier="v", back=BACK, by=by, now=NOW)
    held = Outgoing.claim(NOW)
    assert held
    withdraw(user)
    assert ("google_calendar", "waiting") in stop_all(NOW)
    actions.keep(user.pk, google.Tokens("a", "r", NOW), now=NOW)
    outbox.finish(held, DONE, now=NOW)
    stop_all(NOW + HOUR)
    assert not CalendarLink.objects.exists()


def test_disconnecting_cuts_the_link_and_leaves_the_switch(fakes: Fakes, link: CalendarLink) -> None:
    by = Actor(account_id=link.account_id, role="practitioner")
    assert actions.cut(account_id=link.account_id, by=by, now=NOW)
    assert not actions.cut(account_id=link.account_id, by=by, now=NOW)
    work(NOW)
    assert (fakes["google"].refresh, CalendarLink.objects.count()) == (set(), 0)
    assert linked(fakes, User.objects.get(pk=link.account_id)).calendar_id


def test_who_asked_for_the_end_of_their_account_has_no_link_an_hour_later(fakes: Fakes, link: CalendarLink) -> None:
    user = User.objects.get(pk=link.account_id)
    by = Actor(account_id=user.pk, role="practitioner")
    with scope(ALL):
        request_deletion(user=user, plan_sha256=plan_for_account(user.pk, NOW).sha256, by=by, now=NOW)
    assert not measured("PC-96", NOW + HOUR)
    assert sending.cut_without_consent(NOW + HOUR) == 1
    work(NOW + HOUR)
    assert (CalendarLink.objects.count(), fakes["google"].refresh) == (0, set())


def test_the_promise_breaks_with_a_link_nobody_agreed_to(fakes: Fakes, link: CalendarLink) -> None:
    assert measured("PC-96")
    CalendarLink.objects.filter(pk=link.pk).update(account_id=make_practitioner(now=NOW).pk)
    assert not measured("PC-96", NOW)


def test_a_notice_after_the_end_finds_nobody(fakes: Fakes, link: CalendarLink) -> None:
    notice = fakes["google"].notices[-1]
    actions.cut(account_id=link.account_id, by=Actor.system("test"), now=NOW)
    heads = {name.lower(): value for name, value in notice.headers.items()}
    with pytest.raises(Unverified, match="wrong"):
        receive(Arrival("google", "", heads, b"", NOW))


def in_clear(column: str) -> Callable[[], object]:
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"update subprocessors_calendarlink set {column} = 'ya29.clear'")

    return write


def a_call(categories: str) -> Callable[[], object]:
    said = {"subprocessor": "google", "host": "www.googleapis.com", "ground": "third_party_integrations.google"}
    return lambda: Egress.objects.create(at=NOW, categories=categories, **said)


def unrevoked(state: State) -> Callable[[], object]:
    """A token that nobody could give back: the message to Google waits, or was given up on."""
    return lambda: Outgoing.objects.create(
        kind=actions.REVOKE, ground="necessity", necessity="end_of_use", payload="{}", state=state, due_at=NOW, ended_at=NOW if state is State.FAILED else None,
        queued_at=NOW - timedelta(hours=25),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "figure"),
    [
        (in_clear("refresh_token"), "links_with_a_token_in_clear"),
        (in_clear("access_token"), "links_with_a_token_in_clear"),
        (in_clear("channel_token"), "links_with_a_token_in_clear"),
        (unrevoked(State.WAITING), "tokens_not_revoked_a_day_later"),
        (unrevoked(State.FAILED), "tokens_not_revoked_a_day_later"),
        (a_call("appointment,health"), "calls_with_other_data"),
        (a_call("identity"), "calls_with_other_data"),
    ],
    ids=["refresh token", "access token", "channel token", "revoking waits", "revoking failed", "health", "identity"],
)
def test_the_promise_breaks_with_a_token_or_a_call_that_is_wrong(
    fakes: Fakes, link: CalendarLink, wrong: Callable[[], object], figure: str
) -> None:
    wrong()
    found = google_has_hours_as_long_as_the_person_agrees(NOW)
    assert (found.kept, found.figures[figure]) == (False, 1)
