"""Sessions: listed, ended at once, limited in time, with a new key at each proof (security.md 1.7)."""

from datetime import UTC, datetime

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import RequestFactory

from accounts import actions, sessions, tasks
from accounts.models import User
from accounts.stepup import fresh_factor, is_fresh
from audit.models import SecurityEntry
from tests.accounts.factories import (
    PASSWORD,
    WebClient,
    give_passkey,
    make_practitioner,
    make_staff,
    prove,
    verified_client,
)
from tests.accounts.helpers import CODE, code_in_mail, sign_in, type_password

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
SECURITY, LIST, END, CONFIRM = (
    "/accounts/security/",
    "/accounts/security/sessions/",
    "/accounts/security/sessions/end/",
    "/accounts/security/confirm/",
)


def is_open(client: WebClient) -> bool:
    return client.get(LIST).status_code == 200


def test_ended_session_is_refused_at_its_next_request() -> None:
    user = make_practitioner()
    here, there = verified_client(user), verified_client(user)
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert (is_open(here), is_open(there)) == (True, True)
    here.post(END, {"session": str(other.pk)})
    assert (is_open(here), is_open(there)) == (True, False)


def test_all_other_sessions_end_at_once_and_this_one_stays() -> None:
    user = make_practitioner()
    here, *others = (verified_client(user) for _ in range(4))
    here.post(END, {"session": "others"})
    assert [is_open(client) for client in (here, *others)] == [True, False, False, False]
    row = SecurityEntry.objects.get(kind="session.ended")
    assert (row.account_id, row.detail) == (user.pk, {"count": 3, "why": "by_owner"})


@pytest.mark.parametrize("which", ["999999999", "abc", "", "-1", "²"])
def test_session_of_somebody_else_or_of_nobody_does_not_end(which: str) -> None:
    stranger = verified_client(make_practitioner())
    own = verified_client(make_practitioner())
    own.post(END, {"session": which or str(UserSession.objects.get(session_key=stranger.session.session_key).pk)})
    assert is_open(stranger) is True


@pytest.mark.parametrize(("staff", "minutes"), [(False, 30), (True, 15)])
def test_idle_session_ends(staff: bool, minutes: int) -> None:
    user = make_staff() if staff else make_practitioner()
    with time_machine.travel(NOON, tick=False) as clock:
        client = verified_client(user, now=NOON)
        clock.shift(minutes * 60)
        assert is_open(client) is True
        clock.shift(minutes * 60 + 1)
        assert is_open(client) is False
    assert SecurityEntry.objects.filter(kind="session.timed_out", account_id=user.pk).count() == 1


@pytest.mark.parametrize(("staff", "hours", "step"), [(False, 12, 30), (True, 8, 15)])
def test_session_in_use_ends_after_a_working_day(staff: bool, hours: int, step: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = verified_client(make_staff() if staff else make_practitioner(), now=NOON)
        lasted = 0
        while is_open(client):
            lasted += step
            clock.shift(step * 60)
    assert lasted == hours * 60 + step


def test_session_that_no_login_of_ours_began_is_over() -> None:
    client = WebClient()
    client.force_login(make_practitioner())
    assert is_open(client) is False


def test_sixth_session_ends_the_oldest() -> None:
    user = make_practitioner("camille@example.org")
    clients = []
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(6):
            clients.append(sign_in(user.email))
            clock.shift(40)
        assert [is_open(client) for client in clients] == [False, True, True, True, True, True]


def test_use_is_noted_at_most_once_a_minute() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = verified_client(make_practitioner(), now=NOON)
        clock.shift(59)
        client.get(LIST)
        assert client.session[sessions.SEEN] == NOON.timestamp()
        clock.shift(1)
        client.get(LIST)
        assert client.session[sessions.SEEN] == NOON.timestamp() + 60


def test_signing_in_changes_the_session_key() -> None:
    user = make_practitioner("camille@example.org")
    client = WebClient()
    type_password(client, user.email)
    before = client.session.session_key
    client.post(CODE, {"code": code_in_mail()})
    assert client.session.session_key not in (None, before)


def test_removed_factor_makes_its_session_unverified_at_once() -> None:
    user = make_staff()
    client = verified_client(user)
    assert is_open(client) is True
    user.authenticator_set.all().delete()
    assert client.get(LIST)["Location"] == CONFIRM


def test_password_change_ends_the_other_sessions() -> None:
    user = make_practitioner()
    here, there = verified_client(user), verified_client(user)
    prove(here, user)
    form = {"oldpassword": PASSWORD, "password1": "deux phares bleus en mer", "password2": "deux phares bleus en mer"}
    assert here.post("/accounts/password/change/", form)["Location"] == SECURITY
    assert (is_open(here), is_open(there)) == (True, False)
    assert SecurityEntry.objects.filter(kind="password.changed", account_id=user.pk).count() == 1


def test_expired_sessions_are_forgotten_and_live_ones_stay() -> None:
    user = make_practitioner()
    live, dead = verified_client(user), verified_client(user)
    Session.objects.filter(session_key=dead.session.session_key).update(expire_date=NOON)
    assert tasks.forget_old_sign_ins() == {"tries": 0, "sessions": 1, "links": 0}
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [live.session.session_key]


# ── step-up ──


def test_password_change_asks_a_fresh_proof_and_keeps_nothing_of_what_was_posted() -> None:
    user = make_practitioner()
    client = verified_client(user)
    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "secret of the form"})
    assert answer["Location"] == f"{CONFIRM}?next=%2Faccounts%2Fpassword%2Fchange%2F"
    assert "secret of the form" not in str(dict(client.session.items()))
    user.refresh_from_db()
    assert user.check_password(PASSWORD) is True


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (299, True), (300, False), (86_400, False)])
def test_proof_is_fresh_for_five_minutes(age: int, fresh: bool) -> None:
    user = make_practitioner()
    with time_machine.travel(NOON, tick=False) as clock:
        client = verified_client(user, now=NOON)
        prove(client, user, at=NOON)
        clock.shift(min(age, 300))
        request = RequestFactory().get("/")
        request.user, request.session = user, client.session
        assert is_fresh(request, datetime.fromtimestamp(NOON.timestamp() + age, UTC)) is fresh


def test_password_proof_is_not_a_second_factor() -> None:
    user = make_practitioner()
    client = verified_client(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": NOON.timestamp(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    request = RequestFactory().get("/")
    request.user, request.session = user, client.session
    assert is_fresh(request, NOON) is False


def test_code_by_mail_gives_fresh_proof_a_new_session_key_and_leads_back() -> None:
    user = make_practitioner()
    client = verified_client(user)
    assert client.get(CONFIRM).status_code == 200
    assert len(mail.outbox) == 0
    client.post(CONFIRM, {"send": "1", "next": "/accounts/password/change/"})
    before = client.session.session_key
    answer = client.post(CONFIRM, {"code": code_in_mail(), "next": "/accounts/password/change/"})
    assert answer["Location"] == "/accounts/password/change/"
    assert client.session.session_key != before
    assert client.get("/accounts/password/change/").status_code == 200
    assert UserSession.objects.get(user=user).session_key == client.session.session_key
    assert list(SecurityEntry.objects.filter(kind="stepup.ok").values_list("account_id", flat=True)) == [user.pk]


def test_confirm_page_never_leads_to_another_site() -> None:
    user = make_practitioner()
    client = verified_client(user)
    client.post(CONFIRM, {"send": "1"})
    assert client.post(CONFIRM, {"code": code_in_mail(), "next": "https://evil.example/"})["Location"] == SECURITY


def test_code_of_the_login_is_no_proof_for_a_step_up() -> None:
    user = make_practitioner("camille@example.org")
    client = sign_in(user.email)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    assert client.post(CONFIRM, {"code": code_in_mail()}).status_code == 200


def test_decorated_view_runs_only_with_fresh_proof() -> None:
    user = make_practitioner()
    client = verified_client(user)
    guarded = fresh_factor(lambda request: "ran")
    request = RequestFactory().get("/accounts/security/")
    request.user, request.session, request.now = user, client.session, datetime.now(UTC)
    assert guarded(request).status_code == 302
    prove(client, user)
    request.session = client.session
    assert guarded(request) == "ran"


# ── renewal and staff ──


def test_compromised_password_must_change_before_the_session_opens(now: datetime) -> None:
    user = make_practitioner("camille@example.org")
    User.objects.filter(pk=user.pk).update(compromised_at=now)
    client = WebClient()
    type_password(client, user.email)
    assert client.post(CODE, {"code": code_in_mail()})["Location"] == "/accounts/new-password/"
    assert client.get(LIST).status_code == 302
    assert "now" in client.post("/accounts/new-password/", {"later": "1"}).content.decode()
    assert (
        "This is the password you have now"
        in client.post("/accounts/new-password/", {"password": PASSWORD}).content.decode()
    )
    assert client.post("/accounts/new-password/", {"password": "deux phares bleus en mer"}).status_code == 302
    assert is_open(client) is True
    user.refresh_from_db()
    assert (user.compromised_at, user.check_password("deux phares bleus en mer")) == (None, True)


def test_old_password_is_only_a_reminder() -> None:
    user = make_practitioner("camille@example.org")
    User.objects.filter(pk=user.pk).update(password_changed_at=datetime(2024, 1, 1, tzinfo=UTC))
    client = WebClient()
    type_password(client, user.email)
    assert client.post(CODE, {"code": code_in_mail()})["Location"] == "/accounts/new-password/"
    assert client.post("/accounts/new-password/", {"later": "1"}).status_code == 302
    assert is_open(client) is True


def test_staff_with_a_mailed_code_gets_no_further_than_adding_a_factor() -> None:
    user = make_staff("dpo@example.org")
    client = WebClient()
    type_password(client, user.email)
    assert client.post(CODE, {"code": code_in_mail()})["Location"] == "/accounts/security/protect/"
    assert client.get("/admin/").status_code == 404
    assert verified_client(user).get("/admin/").status_code == 200


def test_mailed_code_is_not_offered_to_who_holds_a_factor() -> None:
    user = make_practitioner("camille@example.org")
    give_passkey(user)
    client = WebClient()
    assert type_password(client, user.email)["Location"] == "/accounts/2fa/authenticate/"
    assert (client.get(CODE)["Location"], len(mail.outbox)) == ("/accounts/login/", 0)


def test_compromised_mark_is_journaled(now: datetime) -> None:
    from audit.actors import Actor

    user = make_practitioner()
    actions.mark_compromised(user=user, by=Actor.operations("test"), now=now)
    assert SecurityEntry.objects.get(kind="password.compromised").account_id == user.pk
