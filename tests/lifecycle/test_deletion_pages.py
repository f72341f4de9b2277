"""The deletion tab, the confirmation, the wait and the way back, as a practitioner meets them (PC-34)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from lifecycle.deletion.actions import request_deletion, waive_wait, withdraw_deletion
from lifecycle.deletion.links import token_of
from lifecycle.deletion.queries import standing_at
from lifecycle.deletion.rules import State
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent
from lifecycle.queries import phase_at
from lifecycle.states import Name
from tests.accounts.factories import WebClient, prove, verified_client
from tests.audit.forge import force
from tests.journeys.conftest import app_code
from tests.lifecycle.helpers import IN, PARIS, make_trial
from tests.records.factories import actor_of, make_file

pytestmark = pytest.mark.django_db(databases="__all__")

ASKED = IN[Name.TRIAL]
ENDS = datetime(2026, 10, 20, 12, 0, tzinfo=PARIS)
SECOND = timedelta(seconds=1)
TAB = "/practitioner/settings/gdpr/deletion/"


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


def signed_in(user: User, now: datetime, *, fresh: bool = False) -> WebClient:
    client = verified_client(user, now=now)
    if fresh:
        prove(client, user, at=now)
    return client


def ask(user: User, now: datetime = ASKED) -> str:
    """A request by the action; returns the token of its link."""
    plan = plan_for_account(user.pk, now).sha256
    standing = request_deletion(user=user, plan_sha256=plan, by=actor_of(user), now=now)
    return token_of(user.pk, standing.request, now)


def shown_plan(client: Client) -> str:
    page = client.get(reverse("lifecycle:deletion_confirm")).content.decode()
    found = re.search(r'name="plan" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def state(user: User, now: datetime) -> State:
    return standing_at(user.pk, now).state


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_tab_shows_the_plan_before_anything_is_asked(me: User) -> None:
    make_file(me, now=ASKED)
    with time_machine.travel(ASKED, tick=False):
        page = text(signed_in(me, ASKED).get(TAB))
    plan = plan_for_account(me.pk, ASKED)
    from django.utils.html import escape

    missing = [line.title for line in plan.shown if escape(line.title) not in page or escape(line.sentence) not in page]
    assert (missing, len(plan.shown) > 5) == ([], True)
    assert ("20 October 2026" in page, reverse("lifecycle:deletion_confirm") in page) == (True, True)
    assert DeletionEvent.objects.count() == 0


def test_tab_is_one_of_the_privacy_centre(me: User) -> None:
    with time_machine.travel(ASKED, tick=False):
        assert f'<a href="{TAB}">Deletion</a>' in text(signed_in(me, ASKED).get("/practitioner/settings/gdpr/"))


@pytest.mark.parametrize("name", ["deletion_confirm", "deletion_waive"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_grave_acts_ask_for_a_fresh_factor(me: User, name: str, method: str) -> None:
    ask(me) if name == "deletion_waive" else None
    with time_machine.travel(ASKED + SECOND, tick=False):
        client = signed_in(me, ASKED + SECOND)
        prove(client, me, at=ASKED - timedelta(seconds=300))
        answer = getattr(client, method)(reverse(f"lifecycle:{name}"), {"plan": plan_for_account(me.pk, ASKED).sha256})
    assert answer["Location"].startswith(reverse("accounts:confirm") + "?next=")
    assert DeletionEvent.objects.count() == (1 if name == "deletion_waive" else 0)


def test_request_then_countdown_then_one_click_back(me: User) -> None:
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        answer = client.post(reverse("lifecycle:deletion_confirm"), {"plan": shown_plan(client)}, follow=True)
        page = text(answer)
        assert ("20 October 2026 at 12:00" in page or "at noon" in page, "Keep my account" in page) == (True, True)
        assert phase_at(me.pk, ASKED).name is Name.DELETION_PENDING
        back = text(client.post(reverse("lifecycle:deletion_withdraw"), follow=True))
    assert ("withdrawn" in back, phase_at(me.pk, ASKED).name) == (True, Name.TRIAL)


def test_changed_plan_is_shown_anew_and_nothing_is_requested(me: User) -> None:
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        old = shown_plan(client)
        make_file(me, now=ASKED)
        answer = client.post(reverse("lifecycle:deletion_confirm"), {"plan": old})
        assert (answer.status_code, "The plan has changed" in text(answer)) == (409, True)
        assert (shown_plan(client) != old, DeletionEvent.objects.count()) == (True, 0)
        client.post(reverse("lifecycle:deletion_confirm"), {"plan": shown_plan(client)})
    assert state(me, ASKED) is State.PENDING


@pytest.mark.parametrize("sent", [{}, {"plan": ""}, {"plan": "x" * 64}, {"plan": "0" * 64}])
def test_request_without_the_plan_shows_it(me: User, sent: dict[str, str]) -> None:
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        answer = client.post(reverse("lifecycle:deletion_confirm"), sent)
    assert (answer.status_code, DeletionEvent.objects.count()) == (409, 0)


def test_two_tabs_make_one_request_and_the_second_says_so(me: User) -> None:
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        plan = shown_plan(client)
        client.post(reverse("lifecycle:deletion_confirm"), {"plan": plan})
        second = text(client.post(reverse("lifecycle:deletion_confirm"), {"plan": plan}, follow=True))
        shown = client.get(reverse("lifecycle:deletion_confirm"))
    assert ("is requested already" in second, DeletionEvent.objects.count()) == (True, 1)
    assert shown["Location"] == TAB


def test_banner_is_on_every_page_while_it_waits(me: User) -> None:
    ask(me)
    pages = ["/practitioner/settings/gdpr/", "/practitioner/subscription/", reverse("accounts:security"), "/"]
    with time_machine.travel(ASKED + SECOND, tick=False):
        client = signed_in(me, ASKED + SECOND)
        shown = ["Your account is to be deleted" in text(client.get(page)) for page in pages]
        stranger = "Your account is to be deleted" in text(Client().get("/"))
        withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
        after = ["Your account is to be deleted" in text(client.get(page)) for page in pages]
    assert (shown, stranger, after) == ([True] * 4, False, [False] * 4)


def test_closed_care_says_why_and_the_way_back(me: User) -> None:
    ask(me)
    with time_machine.travel(ASKED + SECOND, tick=False):
        answer = signed_in(me, ASKED + SECOND).get("/practitioner/patients/")
    page = text(answer)
    assert (answer.status_code, "Nothing is deleted yet" in page, f'href="{TAB}"' in page) == (403, True, True)


def test_closed_account_shows_one_page_and_no_rail(me: User) -> None:
    ask(me)
    with time_machine.travel(ENDS, tick=False):
        answer = signed_in(me, ENDS).get(TAB)
    page = text(answer)
    assert (answer.status_code, "This account is closed" in page, 'class="rail"' in page) == (403, True, False)


def test_waiver_signs_out_and_nothing_is_taken_back(me: User) -> None:
    ask(me)
    now = ASKED + timedelta(hours=2)
    with time_machine.travel(now, tick=False):
        client = signed_in(me, now, fresh=True)
        assert "there is no way back" in text(client.get(reverse("lifecycle:deletion_waive")))
        answer = client.post(reverse("lifecycle:deletion_waive"), follow=True)
        assert ("Your account is closed" in text(answer), answer.context["request"].user.is_authenticated) == (
            True,
            False,
        )
    assert state(me, now) is not State.PENDING


def test_waiver_without_a_request_leads_back(me: User) -> None:
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        assert client.get(reverse("lifecycle:deletion_waive"))["Location"] == TAB
        page = text(client.post(reverse("lifecycle:deletion_waive"), follow=True))
    assert "There is no deletion request" in page


def keep(token: str) -> str:
    return reverse("lifecycle:keep", args=[token])


def test_link_shows_on_get_and_withdraws_on_post_without_sign_in(me: User) -> None:
    token = ask(me)
    with time_machine.travel(ENDS - SECOND, tick=False):
        shown = Client().get(keep(token))
        assert (shown.status_code, state(me, ENDS - SECOND)) == (200, State.PENDING)
        done = text(Client().post(keep(token), follow=True))
        again = Client().post(keep(token), follow=True)
    assert ("Your account stays" in done, again.status_code, "Your account stays" in text(again)) == (True, 200, True)
    assert [row.kind for row in DeletionEvent.objects.order_by("number")] == ["requested", "withdrawn"]
    last = DeletionEvent.objects.get(number=2)
    assert (last.channel, last.actor_id) == ("link", None)


@pytest.mark.parametrize("method", ["get", "post"])
def test_link_does_nothing_from_the_instant_on(me: User, method: str) -> None:
    token = ask(me)
    with time_machine.travel(ENDS, tick=False):
        answer = getattr(Client(), method)(keep(token), follow=True)
    assert (answer.status_code, "can't be withdrawn any more" in text(answer), state(me, ENDS)) == (
        410,
        True,
        State.DUE,
    )


def test_link_does_nothing_after_a_waiver(me: User) -> None:
    token = ask(me)
    waive_wait(user=me, by=actor_of(me), now=ASKED + SECOND)
    with time_machine.travel(ASKED + 2 * SECOND, tick=False):
        assert Client().get(keep(token)).status_code == 410


@pytest.mark.parametrize("method", ["get", "post"])
def test_forged_link_and_one_of_another_account_or_request_withdraw_nothing(me: User, method: str) -> None:
    token = ask(me)
    other = make_trial("other@example.org")
    own = ask(other)
    tampered = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    strange = [
        tampered,
        "x",
        token_of(me.pk, 7, ASKED),
        token_of(other.pk, 2, ASKED),
        own.split(":")[0] + ":" + token.split(":", 1)[1],
    ]
    with time_machine.travel(ASKED + SECOND, tick=False):
        answers = [getattr(Client(), method)(keep(one)).status_code for one in strange]
        Client().post(keep(own))
    assert (answers, state(me, ASKED + SECOND), state(other, ASKED + SECOND)) == (
        [404] * 5,
        State.PENDING,
        State.NONE,
    )


def test_old_link_leaves_a_new_request(me: User) -> None:
    token = ask(me)
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    ask(me, ASKED + timedelta(days=1))
    with time_machine.travel(ASKED + timedelta(days=2), tick=False):
        page = text(Client().post(keep(token), follow=True))
    assert ("Your account stays" in page, state(me, ASKED + timedelta(days=2))) == (True, State.PENDING)


def test_link_of_a_request_that_left_the_record_leaves_a_new_one_with_its_number(me: User) -> None:
    token = ask(me)
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    force("lifecycle_deletionevent", "delete from lifecycle_deletionevent")
    later = ASKED + timedelta(days=1)
    again = ask(me, later)
    with time_machine.travel(later + SECOND, tick=False):
        old, known = Client().post(keep(token)).status_code, state(me, later + SECOND)
        new = Client().post(keep(again)).status_code
    assert (old, known, new, state(me, later + SECOND)) == (404, State.PENDING, 302, State.NONE)


def test_message_at_the_start_has_the_link_that_withdraws(me: User) -> None:
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        client.post(reverse("lifecycle:deletion_confirm"), {"plan": shown_plan(client)})
        (message,) = mail.outbox
        found = re.search(r"http://localhost:8000(/privacy/keep/\S+)", message.body)
        assert found is not None
        Client().post(found[1])
    assert (message.to, state(me, ASKED)) == (["camille@example.org"], State.NONE)


def test_page_says_since_when_a_change_keeps_the_request_away(me: User) -> None:
    from audit.actions import record_security

    record_security(by=actor_of(me), kind="factor.added", account_id=me.pk, now=ASKED - timedelta(days=1))
    with time_machine.travel(ASKED, tick=False):
        client = signed_in(me, ASKED, fresh=True)
        page = text(client.get(TAB))
        refused = text(client.post(reverse("lifecycle:deletion_confirm"), {"plan": shown_plan(client)}, follow=True))
    assert ("26 September 2026" in page, "less than seven days ago" in refused, state(me, ASKED)) == (
        True,
        True,
        State.NONE,
    )


@pytest.mark.parametrize(("before", "stopped"), [(timedelta(days=8), False), (timedelta(hours=5), True)])
def test_new_app_in_the_last_seven_days_stops_it(me: User, before: timedelta, stopped: bool) -> None:
    """By the page where an app is set up: whoever sits there might not be the holder."""
    ask(me)
    now = ENDS - before
    with time_machine.travel(now, tick=False):
        client = signed_in(me, now, fresh=True)
        url = reverse("mfa_activate_totp")
        secret = client.get(url).context["form"].secret
        assert client.post(url, {"code": app_code(secret)}).status_code == 302
        banner = "Your account is to be deleted" in text(client.get("/"))
    kinds = [row.kind for row in DeletionEvent.objects.order_by("number")]
    assert kinds == (["requested", "stopped"] if stopped else ["requested"])
    told = [one.subject for one in mail.outbox].count("The deletion of your account was stopped")
    assert (banner, told) == (not stopped, int(stopped))


def test_page_says_what_became_of_the_last_request(me: User) -> None:
    ask(me)
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    with time_machine.travel(ASKED + 2 * SECOND, tick=False):
        assert "You have withdrawn your request" in text(signed_in(me, ASKED + 2 * SECOND).get(TAB))


@pytest.mark.parametrize("phase", [Name.TRIAL, Name.GRACE, Name.FREE_LISTING])
def test_withdrawal_gives_back_exactly_the_phase_of_before(me: User, phase: Name) -> None:
    now = IN[phase]
    before = phase_at(me.pk, now)
    ask(me, now)
    pending = phase_at(me.pk, now + SECOND)
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=now + 2 * SECOND)
    assert (before.name, pending.name, phase_at(me.pk, now + 2 * SECOND)) == (phase, Name.DELETION_PENDING, before)


def test_overview_names_the_moment_of_the_deletion_not_the_end_of_its_day(me: User) -> None:
    ask(me)
    with time_machine.travel(ASKED + SECOND, tick=False):
        page = signed_in(me, ASKED + SECOND).get("/practitioner/settings/gdpr/").content.decode()
    line = " ".join(page.split())
    assert ("begins on 20 October 2026, 12:00" in line, "until the end of 20 October" in line) == (True, False)
