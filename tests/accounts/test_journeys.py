"""Whole ways through the pages: a new address, a lost password, what a stranger learns from the clock, the registry."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage

from accounts import actions, hooks, mails, user_agents
from accounts.models import User
from adapters.models import Outgoing
from audit.actors import Actor
from audit.models import EventEntry, SecurityEntry
from tests.accounts.factories import PASSWORD, WebClient, make_practitioner, prove, verified_client
from tests.accounts.helpers import CODE, CONFIRM_EMAIL, LOGIN, SIGNUP, code_in_mail, sign_in, signup_form, type_password
from tests.letters import deliver

pytestmark = pytest.mark.django_db
PROFILE_PAGE = "/accounts/profile/"


def test_new_address_counts_once_its_code_is_typed_and_the_old_one_is_told() -> None:
    user = make_practitioner("old@example.org")
    client = verified_client(user)
    prove(client, user)
    assert client.post("/accounts/email/", {"email": "New@example.org", "action_add": ""})["Location"] == CONFIRM_EMAIL
    user.refresh_from_db()
    assert (user.email, mail.outbox[-1].to) == ("old@example.org", ["new@example.org"])
    client.post(CONFIRM_EMAIL, {"code": code_in_mail(), "action": "verify"})
    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [("new@example.org", True)]
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == (["old@example.org"], "Your e-mail address was changed")
    assert SecurityEntry.objects.filter(kind="email.changed", account_id=user.pk).count() == 1


def test_new_address_asks_a_fresh_proof() -> None:
    client = verified_client(make_practitioner())
    answer = client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    assert answer["Location"].startswith("/accounts/security/confirm/")
    assert mail.outbox == []


@pytest.mark.parametrize("email", ["camille@example.org", "nobody@example.org"])
def test_lost_password_answers_alike_and_the_mailbox_is_told(email: str) -> None:
    make_practitioner("camille@example.org")
    answer = WebClient().post("/accounts/password/reset/", {"email": email})
    assert (answer["Location"], len(mail.outbox), mail.outbox[0].to) == ("/accounts/password/reset/done/", 1, [email])


@pytest.mark.parametrize("email", ["camille@example.org", "nobody@example.org"])
def test_one_hash_is_computed_for_each_password_whether_the_account_exists(
    email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_practitioner("camille@example.org")
    assert _hashes(monkeypatch, lambda: type_password(WebClient(), email, "wrong horse")) == 1
    cache.clear()
    assert _hashes(monkeypatch, lambda: WebClient().post(SIGNUP, signup_form(email))) == 1


def _hashes(monkeypatch: pytest.MonkeyPatch, act: object) -> int:
    """How often Argon2id ran."""
    from accounts import hashers

    ran: list[int] = []

    class Counting(type(hashers._slots)):
        def __enter__(self) -> bool:
            ran.append(1)
            return super().__enter__()

    with monkeypatch.context() as patched:
        patched.setattr(hashers, "_slots", Counting(4))
        act()
    return len(ran)


def test_owner_is_told_once_when_somebody_guesses_codes(now: datetime) -> None:
    import time_machine

    user = make_practitioner("camille@example.org")
    with time_machine.travel(now, tick=False) as clock:
        client = WebClient()
        type_password(client, user.email)
        for _guess in range(6):
            client.post(CODE, {"code": "000000"})
            clock.shift(40)
    assert [message.subject for message in mail.outbox].count("Somebody tries codes for your account") == 1


def test_mail_server_that_is_down_does_not_break_the_page(settings: object) -> None:
    make_practitioner("camille@example.org")
    settings.EMAIL_BACKEND = "tests.accounts.test_journeys.DownBackend"
    client = WebClient()
    assert type_password(client, "camille@example.org")["Location"] == CODE
    assert client.get(CODE).status_code == 200
    assert (deliver(), Outgoing.objects.get().state, Outgoing.objects.get().problem) == (1, "waiting", "broken")


class DownBackend:
    """A mail server that refuses the connection."""

    def __init__(self, *_args: object, **_kwargs: object) -> None: ...

    def send_messages(self, _messages: object) -> int:
        raise ConnectionRefusedError("no mail server")


def test_profile_change_is_journaled_by_field_names_only() -> None:
    user = make_practitioner(phone="+33142685300")
    client = verified_client(user)
    form = {**signup_form(user.email), "city": "Bordeaux-Secret", "phone": "01 42 68 53 00"}
    assert client.post(PROFILE_PAGE, form)["Location"] == PROFILE_PAGE
    row = EventEntry.objects.get(verb="accounts.profile.changed")
    assert (row.actor_id, row.detail) == (user.pk, {"fields": "city"})
    assert client.post(PROFILE_PAGE, form)["Location"] == PROFILE_PAGE
    assert EventEntry.objects.filter(verb="accounts.profile.changed").count() == 1


def test_profile_refuses_a_number_of_somebody_else_and_keeps_what_was_typed() -> None:
    make_practitioner(rpps="10003456786")
    user = make_practitioner()
    page = verified_client(user).post(
        PROFILE_PAGE, {**signup_form(user.email), "rpps": "1000 345 6786", "surname": "Ørsted"}
    )
    assert "Another account bears this RPPS number" in page.content.decode()
    assert 'value="Ørsted"' in page.content.decode()


def test_profile_of_an_account_without_one_is_not_found() -> None:
    from tests.accounts.factories import make_staff

    assert verified_client(make_staff()).get(PROFILE_PAGE).status_code == 404


def test_language_choice_follows_the_account_to_another_browser() -> None:
    user = make_practitioner("camille@example.org")
    verified_client(user).post("/language/", {"language": "fr", "next": "/accounts/security/"})
    user.refresh_from_db()
    assert user.language == "fr"
    assert 'lang="fr"' in verified_client(user).get("/accounts/security/").content.decode()


@pytest.mark.parametrize("language", ["xx", "", "en; drop"])
def test_unknown_language_changes_nothing(language: str) -> None:
    user = make_practitioner()
    verified_client(user).post("/language/", {"language": language, "next": "//evil.example/"})
    user.refresh_from_db()
    assert user.language == "en"


def test_registry_holds_the_questions_of_consents_the_practice_of_care_and_the_trial() -> None:
    assert {question.key for question in hooks.signup_questions} == {
        "tos_privacy",
        "health_data_processing",
        "public_directory_listing",
    }
    called = sorted(callback.__module__.partition(".")[0] for callback in hooks.on_practitioner_created)
    assert called == ["care", "lifecycle"]


def test_registering_twice_keeps_one() -> None:
    before = (list(hooks.signup_questions), list(hooks.on_practitioner_created))
    hooks.ask_at_signup(hooks.signup_questions[0])
    hooks.when_practitioner_is_created(hooks.on_practitioner_created[0])
    assert (hooks.signup_questions, hooks.on_practitioner_created) == before


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5", "curl/8.5"),
        ("", "Unknown device"),
    ],
)
def test_device_is_named_in_words(agent: str, words: str) -> None:
    assert user_agents.in_words(agent) == words


def test_every_sign_in_event_is_journaled() -> None:
    user = make_practitioner("camille@example.org")
    type_password(WebClient(), user.email, "wrong")
    client = sign_in(user.email)
    client.post("/accounts/logout/")
    kinds = list(SecurityEntry.objects.filter(account_id=user.pk).order_by("id").values_list("kind", "outcome"))
    assert kinds == [
        ("account.created", "ok"),
        ("login.failed", "refused"),
        ("factor.code_sent", "ok"),
        ("factor.used", "ok"),
        ("login.ok", "ok"),
        ("session.ended", "ok"),
    ]


def test_spent_code_is_no_longer_waiting(now: datetime) -> None:
    user = make_practitioner()
    by = Actor.system("test")
    actions.send_code(user=user, attempt="a", by=by, now=now)
    code = actions.reissue_code(user=user, by=by, now=now)
    assert actions.check_code(user=user, attempt="a", code=code or "", by=by, now=now) is not None
    assert actions.reissue_code(user=user, by=by, now=now + timedelta(minutes=1)) is None


def test_login_page_keeps_where_one_wanted_to_go() -> None:
    make_practitioner("camille@example.org")
    client = WebClient()
    client.post(
        f"{LOGIN}?next=/accounts/profile/",
        {"login": "camille@example.org", "password": PASSWORD, "next": "/accounts/profile/"},
    )
    assert client.post(CODE, {"code": code_in_mail()})["Location"] == "/accounts/profile/"
    assert User.objects.get().last_login <= datetime.now(UTC)


def test_mail_that_the_server_refuses_is_logged_without_the_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(_message: EmailMessage) -> int:
        raise SMTPRecipientsRefused({"ines.canary@example.org": (550, b"no such mailbox")})

    monkeypatch.setattr(EmailMessage, "send", refuses)
    mails.wrong_codes(user=make_practitioner("ines.canary@example.org"))
    assert deliver() == 1
    row = Outgoing.objects.get()
    assert [record.getMessage() for record in caplog.records] == [
        f"{row.pk} of kind accounts.mail: give out (rejected)"
    ]
    assert (row.state, row.problem, "canary" in caplog.text) == ("failed", "rejected", False)
