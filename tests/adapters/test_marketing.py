"""News by e-mail (PC-18, PC-100): only on a live consent, stopped by one click, and an audience that follows the ledger both ways."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from adapters import inbox, outbox, resend
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.queue import LEASE
from adapters.boxes.refs import GroundRef
from adapters.content import Link
from adapters.grounds import NoGround, necessary
from adapters.models import Egress
from adapters.outbox import enqueue
from adapters.states import State
from audit.actors import Actor
from consents import hooks, queries, stopping
from consents.grants import grant_for
from consents.marketing import audience, links, news, promises
from consents.marketing.models import AudienceMember
from consents.models import ConsentEvent, Stop
from fakes.server import Fakes
from tests.accounts.factories import make_practitioner
from tests.adapters.factories import work
from tests.consents.factories import NOON, choose, person

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
KEY = audience.KEY
ISSUE = "2026-11"
OPERATIONS = Actor.operations("tests")
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def world(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """Resend, played; nobody rings a bell."""
    monkeypatch.setattr(outbox, "_send", lambda task: None)
    fakes.at(NOON)
    return fakes


@pytest.fixture
def ada(world: Fakes) -> User:
    """A practitioner who agreed to news, and joined the audience."""
    return reader("ada@example.org")


def reader(email: str) -> User:
    user = make_practitioner(email, now=NOON - timedelta(days=1))
    turn(user, on=True)
    work(NOON)
    return user


def turn(user: User, *, on: bool) -> None:
    choose(person(user.pk), KEY, on, now=NOON if on else NOON + timedelta(minutes=1))


def stop_all(now: Any = LATER) -> list[str]:
    """Run the stoppers that are due; how each ended."""
    ended = []
    while row := Stop.claim(now):
        stopping.finish(row, stopping.attempt(row, now=now), now=now)
        ended.append(f"{row.name} {row.state}")
    return ended


def hear(world: Fakes, now: Any = None) -> list[str]:
    """Bring what Resend told to the product, and apply it."""
    for notice in world["resend"].notices:
        headers = dict(notice.headers)
        kind = headers.pop("Content-Type")
        assert Client().post(notice.path, notice.body, content_type=kind, headers=headers).status_code == 200
    moment = now or timezone.now()
    while row := Incoming.claim(moment):
        inbox.finish(row, inbox.attempt(row, now=moment), now=moment)
    return list(Incoming.objects.order_by("pk").values_list("state", flat=True))


def agrees(user: User) -> bool:
    return queries.is_live(user.pk, KEY, now=timezone.now())


def last_channel(user: User) -> str:
    return ConsentEvent.objects.filter(subject_id=user.pk, key=KEY).latest("number").channel


def there(world: Fakes) -> list[str]:
    return [one.email for one in world["resend"].contacts.values() if not one.unsubscribed]


def subjects(world: Fakes) -> list[str]:
    return [one.said["subject"] for one in world["resend"].mails.values()]


def test_a_yes_joins_and_a_no_leaves(world: Fakes, ada: User) -> None:
    member = AudienceMember.objects.get()
    assert (member.pk, there(world), list(world["resend"].contacts)) == (
        ada.pk,
        ["ada@example.org"],
        [member.contact_id],
    )
    turn(ada, on=False)
    assert stop_all() == ["resend_audience done"]
    assert (world["resend"].contacts, AudienceMember.objects.count()) == ({}, 0)
    grounds = [(line.ground, line.categories, line.subject_id) for line in Egress.objects.order_by("pk")]
    assert grounds == [(KEY, "contact", ada.pk)] * 2 + [("end_of_use", "contact", ada.pk)]


def test_who_never_joined_has_nothing_to_leave(world: Fakes) -> None:
    user = make_practitioner(now=NOON - timedelta(days=1))
    turn(user, on=True)
    turn(user, on=False)
    assert (work(LATER), stop_all(), world.count) == (0, [], 0)


def test_a_consent_that_goes_while_joining_takes_the_address_out_again(
    world: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_practitioner(now=NOON - timedelta(days=1))
    turn(user, on=True)
    joined = resend.join

    def slow(email: str, **said: Any) -> str:
        found = joined(email, **said)
        turn(user, on=False)
        return found

    monkeypatch.setattr(resend, "join", slow)
    work(LATER)
    assert (world["resend"].contacts, AudienceMember.objects.count()) == ({}, 0)


def test_an_issue_goes_to_each_reader_once_with_a_one_click_stop(world: Fakes, ada: User) -> None:
    make_practitioner(now=NOON)
    assert [news.send_issue(issue=ISSUE, by=OPERATIONS, now=NOON) for _time in range(2)] == [1, 0]
    assert work(LATER) == 1
    (mail,) = world["resend"].mails.values()
    url = links.stop_url(ada.pk)
    assert mail.said["to"] == ["ada@example.org"]
    assert mail.said["headers"] == {
        "List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Precedence": "bulk",
    }  # fmt: skip
    assert (url in mail.said["text"], "ada@example.org" in mail.said["text"]) == (True, False)
    assert promises.no_news_without_a_live_consent(LATER).kept


@pytest.mark.parametrize("way", ["withdrawal", "after the claim"])
def test_nothing_leaves_once_the_consent_is_gone(world: Fakes, ada: User, way: str) -> None:
    """Between queueing and sending; and between the worker's claim and its call."""
    news.send_issue(issue=ISSUE, by=OPERATIONS, now=NOON)
    held = Outgoing.claim(NOON) if way == "after the claim" else None
    turn(ada, on=False)
    if held:
        outbox.finish(held, outbox.attempt(held, now=LATER), now=LATER)
    before = world.count
    work(LATER)
    assert (Outgoing.objects.get(kind=news.NEWS).state, world["resend"].mails, world.count) == (
        State.DROPPED,
        {},
        before,
    )


def test_news_can_t_go_on_another_ground_and_other_mail_not_on_a_consent(world: Fakes, ada: User) -> None:
    mail, stop = news.letter(ada, ISSUE)
    before = world.count
    with pytest.raises(NoGround):
        resend.send_news(mail, stop, key="k", ground=necessary("account_message", subject_id=ada.pk), now=NOON)
    with pytest.raises(NoGround):
        resend.send_message(mail, key="k", ground=grant_for(ada.pk, KEY, now=NOON), now=NOON)
    assert world.count == before


def test_a_silent_address_an_objection_or_no_reader_gets_nothing(
    world: Fakes, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve, bob = reader("eve@example.org"), reader("bob@example.org")
    news.send_issue(issue=ISSUE, by=OPERATIONS, now=NOON)
    AudienceMember.objects.filter(pk=ada.pk).update(silent_since=NOON)
    AudienceMember.objects.filter(pk=eve.pk).delete()
    monkeypatch.setattr(audience, "objections", [lambda emails: {bob.email} & set(emails)])
    work(LATER)
    problems = Outgoing.objects.filter(kind=news.NEWS).order_by("problem").values_list("problem", flat=True)
    assert (world["resend"].mails, list(problems)) == ({}, ["no_reader", "no_reader", "objected"])


def test_an_objection_filed_with_us_keeps_the_news_away() -> None:
    from gdpr_requests.queries import objectors_to_marketing

    assert objectors_to_marketing in audience.objections


def test_one_post_of_a_mail_program_writes_the_withdrawal(world: Fakes, ada: User) -> None:
    """RFC 8058: no cookie, no page before, no token of a form."""
    client = Client(enforce_csrf_checks=True)
    url = links.stop_url(ada.pk)
    body = "List-Unsubscribe=One-Click"
    answers = [
        client.post(url, body, content_type="application/x-www-form-urlencoded", follow=True) for _time in range(2)
    ]
    assert [(answer.status_code, agrees(ada)) for answer in answers] == [(200, False)] * 2
    entry = ConsentEvent.objects.filter(subject_id=ada.pk, key=KEY).latest("number")
    assert (entry.channel, entry.actor_id, entry.action) == ("link", ada.pk, "withdrawn")
    assert stop_all(timezone.now()) == ["resend_audience done"]
    assert world["resend"].contacts == {}


def test_opening_the_link_changes_nothing_and_shows_a_button(world: Fakes, ada: User) -> None:
    page = Client().get(links.stop_url(ada.pk))
    assert (page.status_code, b"Stop the news" in page.content, agrees(ada)) == (200, True, True)
    assert b"ada@example.org" not in page.content


@pytest.mark.parametrize("token", ["x", "0" * 32 + ":forged", ":"])
def test_a_link_that_isn_t_ours_stops_nobody(world: Fakes, ada: User, token: str) -> None:
    url = links.stop_url(ada.pk).replace(links.token_of(ada.pk), token)
    assert ([Client().get(url).status_code, Client().post(url).status_code], agrees(ada)) == ([404, 404], True)


@pytest.mark.parametrize("kind", ["contact.updated", "contact.deleted"])
def test_who_leaves_at_resend_has_withdrawn(world: Fakes, ada: User, kind: str) -> None:
    (contact,) = world["resend"].contacts.values()
    world.live()
    if kind == "contact.updated":
        world["resend"].unsubscribe(contact)
    else:
        world["resend"].tell(kind, {"id": contact.id, "email": contact.email, "unsubscribed": False})
    assert (hear(world), agrees(ada), last_channel(ada)) == ([State.DONE], False, "resend")
    stop_all(timezone.now())
    assert world["resend"].contacts == {}


def test_what_we_changed_ourselves_changes_nothing(world: Fakes, ada: User) -> None:
    (contact,) = world["resend"].contacts.values()
    world.live()
    world["resend"].tell("contact.updated", {"id": contact.id, "email": contact.email, "unsubscribed": False})
    world["resend"].tell("contact.updated", {"id": "somebody-else", "email": "x@example.org", "unsubscribed": True})
    assert (hear(world), agrees(ada)) == ([State.DONE] * 2, True)


def test_what_we_took_out_ourselves_is_nobody_s_withdrawal(world: Fakes, ada: User) -> None:
    """The worker dies between the deletion there and its note here, and Resend tells of the deletion."""
    real = resend.leave

    def dies(contact: str, **said: Any) -> None:
        real(contact, **said)
        raise SystemExit

    (contact,) = world["resend"].contacts.values()
    world.live()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audience, "objections", [set])
        patch.setattr(resend, "leave", dies)
        with pytest.raises(SystemExit):
            compared(timezone.now())
    world["resend"].tell("contact.deleted", {"id": contact.id, "email": contact.email, "unsubscribed": False})
    assert world["resend"].contacts == {}
    assert (hear(world), agrees(ada), AudienceMember.objects.get().leaving_since is None) == ([State.DONE], True, False)


def test_who_agrees_again_while_leaving_joins_again_once_that_is_over(world: Fakes, ada: User) -> None:
    AudienceMember.objects.update(leaving_since=LATER)
    compared(LATER)
    assert Outgoing.objects.get(kind=audience.JOIN, state=State.WAITING).problem == "leaving"
    work(LATER + LEASE)
    member = AudienceMember.objects.get()
    assert (member.leaving_since, there(world)) == (None, ["ada@example.org"])


def test_a_comparison_and_a_joining_wait_for_each_other(world: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another connection holds the turn of the other kind."""
    user = make_practitioner(now=NOON - timedelta(days=1))
    turn(user, on=True)
    other = connection.copy()
    try:
        for how, taken in (("", audience.JOIN), ("_shared", "repair.resend")):
            with other.cursor() as cursor:
                cursor.execute(f"select pg_advisory_lock{how}(%s)", [audience.LOCK])
            if not how:
                work(NOON)
            else:
                compared(NOON)
            assert Outgoing.objects.get(kind=taken).problem == "another_turn"
            with other.cursor() as cursor:
                cursor.execute(f"select pg_advisory_unlock{how}(%s)", [audience.LOCK])
    finally:
        other.close()
    work(LATER)
    assert [one.email for one in world["resend"].contacts.values()] == [user.email]


def test_readers_are_asked_for_in_as_many_queries_for_many(world: Fakes, ada: User) -> None:
    found = []
    for more in ((), ("eve@example.org", "bob@example.org")):
        for email in more:
            reader(email)
        with CaptureQueriesContext(connection) as asked:
            found.append((len(news.readers(LATER)), len(asked)))
    assert [number for number, _queries in found] == [1, 3]
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize(
    ("kind", "more", "agreed", "silent"),
    [
        ("complained", {}, False, False),
        ("bounced", {"bounce": {"type": "Permanent"}}, True, True),
        ("bounced", {"bounce": {"type": "Transient"}}, True, False),
        ("delivered", {}, True, False),
    ],
)
def test_what_happens_to_a_message(
    world: Fakes, ada: User, kind: str, more: dict[str, Any], agreed: bool, silent: bool
) -> None:
    news.send_issue(issue=ISSUE, by=OPERATIONS, now=NOON)
    work(LATER)
    (mail,) = world["resend"].mails.values()
    world.live()
    world["resend"].happens(mail, kind, **more)
    assert (hear(world), agrees(ada)) == ([State.DONE], agreed)
    assert (AudienceMember.objects.get().silent_since is not None) is silent


def compared(now: Any = LATER) -> None:
    inbox.enqueue_repairs(now=now)
    work(now)


def test_the_hourly_comparison_mends_both_ways(world: Fakes, ada: User) -> None:
    """A stranger there leaves; a lost event is written down; who isn't there joins; an address that changed follows."""
    eve, bob, cleo = reader("eve@example.org"), reader("bob@example.org"), reader("cleo@example.org")
    contacts = world["resend"].contacts
    of = {one.email: one for one in contacts.values()}
    contacts["stray"] = type(of["ada@example.org"])("stray", "stray@example.org", False)
    of["eve@example.org"].unsubscribed = True
    del contacts[of["bob@example.org"].id]
    User.objects.filter(pk=cleo.pk).update(email="cleo.new@example.org")
    world.live()
    now = timezone.now()
    compared(now)
    hear(world, now)
    stop_all(now)
    assert sorted(there(world)) == ["ada@example.org", "bob@example.org", "cleo.new@example.org"]
    assert [agrees(user) for user in (ada, eve, bob, cleo)] == [True, False, True, True]
    assert promises.the_audience_follows_the_ledger(now).kept


def test_not_set_up_nothing_is_queued_and_nothing_asked(world: Fakes, settings: Any) -> None:
    settings.ADAPTERS["resend"]["off"] = True
    user = make_practitioner(now=NOON)
    turn(user, on=True)
    compared()
    assert (Outgoing.objects.filter(kind=audience.JOIN).count(), world["resend"].count) == (0, 0)


def test_the_promise_breaks_by_a_line_without_a_consent(world: Fakes, ada: User) -> None:
    assert promises.no_news_without_a_live_consent(LATER).kept
    turn(ada, on=False)
    Egress.objects.create(
        at=LATER,
        subprocessor="resend",
        host="api.resend.com",
        ground=KEY,
        categories="contact",
        bytes_out=1,
        subject_id=ada.pk,
    )
    after = promises.no_news_without_a_live_consent(LATER)
    assert (after.kept, after.figures["left_without_a_live_consent"]) == (False, 1)


def test_the_promise_breaks_by_news_on_another_ground(world: Fakes, ada: User) -> None:
    with transaction.atomic():
        enqueue(kind=news.NEWS, payload={}, ground=GroundRef.necessary("account_message"), now=NOON)
    after = promises.no_news_without_a_live_consent(LATER)
    assert (after.kept, after.figures["messages_that_rest_on_nothing"]) == (False, 1)


def test_the_promise_breaks_by_a_link_that_stops_nothing(world: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "withdraw", lambda *said: False)
    after = promises.no_news_without_a_live_consent(LATER)
    assert (after.kept, after.figures["one_click_stops_it"]) == (False, False)


def test_the_audience_promise_breaks_by_who_stays(world: Fakes, ada: User) -> None:
    turn(ada, on=False)
    soon, late = (promises.the_audience_follows_the_ledger(NOON + timedelta(hours=h)) for h in (1, 3))
    assert (soon.kept, late.kept, late.figures["readers_who_took_it_back"]) == (True, False, 1)
    assert late.figures["leaving_that_hangs"] == 1


def test_operations_send_an_issue(world: Fakes, ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("news", "list")
    call_command("news", "send", ISSUE, "--dry-run")
    call_command("news", "send", ISSUE)
    assert capsys.readouterr().out.splitlines() == [f"1 readers. Issues: {ISSUE}"] * 2 + ["1 messages queued."]
    with pytest.raises(CommandError, match="there is no issue 'nothing'"):
        call_command("news", "send", "nothing")


def test_an_issue_has_no_way_for_a_stranger_s_link(ada: User) -> None:
    with pytest.raises(ValueError, match="our own site"):
        Link("https://elsewhere.example/stop")
    mail, stop = news.letter(ada, ISSUE)
    assert (str(stop), mail.to) == (links.stop_url(ada.pk), ada.email)


def test_the_promise_breaks_by_news_through_another_service(world: Fakes, ada: User) -> None:
    Egress.objects.create(
        at=LATER, subprocessor="scaleway", host="smtp.tem.scw.cloud", ground=KEY, categories="contact", subject_id=ada.pk
    )  # fmt: skip
    after = promises.no_news_without_a_live_consent(LATER)
    assert (after.kept, after.figures["left_to_another_service"], after.figures["left_without_a_live_consent"]) == (
        False, 1, 0,
    )  # fmt: skip


@pytest.mark.parametrize(("state", "ended_at"), [(State.WAITING, None), (State.FAILED, NOON), (State.DROPPED, NOON)])
def test_the_audience_promise_breaks_by_a_leave_that_was_told_and_not_applied(
    world: Fakes, ada: User, state: State, ended_at: Any
) -> None:
    Incoming.objects.create(
        subprocessor="resend", event_id="e1", kind="contact.updated", body="{}", state=state, due_at=NOON, ended_at=ended_at,
        received_at=NOON, raw_until=NOON + timedelta(days=7),
    )  # fmt: skip
    soon, late = (promises.the_audience_follows_the_ledger(NOON + timedelta(hours=h)) for h in (1, 3))
    assert (soon.kept, late.kept, late.figures["events_not_applied"]) == (True, False, 1)


def test_the_audience_promise_breaks_by_a_yes_that_nobody_follows(
    world: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(hooks.on_decision, KEY, [])
    after = promises.the_audience_follows_the_ledger(LATER)
    assert (after.kept, after.figures["a_yes_joins"]) == (False, False)
