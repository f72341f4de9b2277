"""A forgotten password through the pages (MD-53), and the reminder after 24 months (MD-52)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail

from accounts import factors
from accounts.credentials import links, promises, renewal, reset
from accounts.credentials.models import CredentialLink
from accounts.models import HeldFactor, User
from audit.actions import record_security
from audit.actors import Actor
from audit.models import SecurityEntry
from tests.accounts.factories import PASSWORD, WebClient, make_account, make_practitioner, make_staff, verified_client
from tests.accounts.helpers import CODE, LOGIN, code_in_mail, sign_in, type_password

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NEW = "deux phares bleus en mer"
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
STEP, RENEW, UNPROVED = "/accounts/2fa/authenticate/", "/accounts/new-password/", "/accounts/password/reset/unproved/"
BY = Actor.system("test")


def with_app(email: str = "camille@example.org") -> User:
    user = make_practitioner(email)
    factors.enrol_app(user=user, by=BY, now=NOW)
    return user


def recovery_code(user: User) -> str:
    code: str = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()[0]
    return code


def ask(email: str, client: WebClient | None = None) -> str:
    """Ask for the link and read it from the mail."""
    (client or WebClient()).post("/accounts/password/reset/", {"email": email})
    found = re.search(r"\S+(/accounts/password/reset/link/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def opened(link: str) -> WebClient:
    """A browser in which the link was followed as far as the second step."""
    client = WebClient()
    assert client.get(link).status_code == 200
    assert client.post(link)["Location"] == STEP
    return client


def password_of(user: User) -> str:
    return User.objects.values_list("password", flat=True).get(pk=user.pk)


# ── MD-53 ──


def test_new_password_counts_only_after_the_second_factor() -> None:
    user = with_app()
    before, link = password_of(user), ask(user.email)
    client = opened(link)
    assert client.get(RENEW)["Location"] == LOGIN
    assert client.post(RENEW, {"password": NEW})["Location"] == LOGIN
    assert "not right" in client.post(STEP, {"code": "0000-0000-0000-0000"}).content.decode()
    assert client.post(RENEW, {"password": NEW})["Location"] == LOGIN
    assert password_of(user) == before
    assert type_password(WebClient(), user.email)["Location"] == STEP


def test_link_and_app_give_a_new_password_and_end_every_session() -> None:
    user = with_app()
    elsewhere, link = verified_client(user), ask(user.email)
    client = opened(link)
    app = factors.app_of(user)
    assert app is not None
    assert client.post(STEP, {"code": factors.usable_code(app)})["Location"] == RENEW
    assert "old one no longer works" in client.get(RENEW).content.decode()
    assert "at least 12" in client.post(RENEW, {"password": "short"}).content.decode()
    assert client.post(RENEW, {"password": NEW}).status_code == 302
    user.refresh_from_db()
    assert (user.check_password(NEW), user.check_password(PASSWORD)) == (True, False)
    assert client.get("/accounts/security/").status_code == 200
    assert elsewhere.get("/accounts/security/")["Location"].startswith(LOGIN)
    assert WebClient().get(link).status_code == 404
    row = SecurityEntry.objects.get(kind="password.reset", account_id=user.pk)
    assert row.detail == {"factor": "totp", "sessions": 1}
    assert mail.outbox[-1].subject == "Your password was changed"


def test_recovery_code_is_a_second_factor_too() -> None:
    user = with_app()
    client = opened(ask(user.email))
    assert client.post(STEP, {"code": recovery_code(user)})["Location"] == RENEW
    client.post(RENEW, {"password": NEW})
    row = SecurityEntry.objects.get(kind="password.reset", account_id=user.pk)
    assert row.detail["factor"] == "recovery_codes"


@pytest.mark.parametrize("make", [make_practitioner, make_account, make_staff])
def test_code_by_mail_is_the_same_mailbox_so_the_link_alone_changes_nothing(make: Any) -> None:
    user = make("camille@example.org")
    client, before, link = WebClient(), password_of(user), ask(user.email)
    assert client.post(link)["Location"] == UNPROVED
    assert "not enough" in client.get(UNPROVED).content.decode()
    assert client.get(RENEW)["Location"] == LOGIN
    assert client.get(CODE)["Location"] == LOGIN
    assert (password_of(user), len(mail.outbox)) == (before, 1)


def test_link_opened_by_a_mail_scanner_is_not_spent() -> None:
    user = with_app()
    link = ask(user.email)
    for _look in range(3):
        assert WebClient().get(link).status_code == 200
    assert CredentialLink.objects.get().used_at is None


def test_newer_link_ends_the_older_one() -> None:
    user = with_app()
    first, second = ask(user.email), ask(user.email)
    assert (WebClient().get(first).status_code, WebClient().get(second).status_code) == (404, 200)


def test_link_is_over_after_an_hour_to_the_second() -> None:
    user = with_app()
    with time_machine.travel(NOW, tick=False) as clock:
        link = ask(user.email)
        clock.shift(3599)
        assert WebClient().get(link).status_code == 200
        clock.shift(1)
        assert WebClient().get(link).status_code == 404


def test_of_two_browsers_with_one_link_the_second_changes_nothing() -> None:
    user = with_app()
    link = ask(user.email)
    first, second = opened(link), opened(link)
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    first.post(STEP, {"code": codes[0]})
    second.post(STEP, {"code": codes[1]})
    assert first.post(RENEW, {"password": NEW}).status_code == 302
    assert second.post(RENEW, {"password": "trois barques jaunes au port"})["Location"] == "/accounts/password/reset/"
    user.refresh_from_db()
    assert user.check_password(NEW) is True
    assert second.get("/accounts/security/").status_code == 302


def test_link_followed_while_signed_in_as_another_signs_out() -> None:
    user, other = with_app(), make_practitioner("other@example.org")
    client, link = verified_client(other), ask(user.email)
    assert client.post(link)["Location"] == STEP
    assert client.get("/accounts/security/").status_code == 302


def test_sixth_link_of_a_day_is_not_sent_and_the_page_answers_alike() -> None:
    user = with_app()
    for _time in range(links.MOST_A_DAY):
        assert reset.send_link(user=user, by=BY, now=NOW) is True
    assert reset.send_link(user=user, by=BY, now=NOW) is False
    assert CredentialLink.objects.open().count() == 1
    assert reset.send_link(user=user, by=BY, now=NOW + timedelta(hours=24)) is True


def test_link_sets_the_password_of_its_own_account_only() -> None:
    user, other = with_app(), with_app("other@example.org")
    link, _token = links.make(user, links.Kind.RESET, NOW)
    proof = HeldFactor.objects.filter(user=other).first()
    assert proof is not None
    with pytest.raises(ValueError, match="own account"):
        reset.finish(link_id=link.pk, password=NEW, proof=proof, by=BY, now=NOW)


def test_token_is_never_kept() -> None:
    token = ask(with_app().email).rstrip("/").rpartition("/")[2]
    row = CredentialLink.objects.get()
    assert token.encode() not in bytes(row.token_hash)
    assert bytes(row.token_hash) == links.hashed(token)


def test_forgotten_links_leave_after_ninety_days() -> None:
    user = with_app()
    links.make(user, links.Kind.RESET, NOW)
    assert (links.forget(NOW + links.REMEMBERED), links.forget(NOW + links.REMEMBERED + timedelta(seconds=1))) == (0, 1)


def _reset_by_pages(user: User) -> None:
    client = opened(ask(user.email))
    client.post(STEP, {"code": recovery_code(user)})
    client.post(RENEW, {"password": NEW})


def test_reset_without_a_factor_breaks_md_53() -> None:
    user = with_app()
    _reset_by_pages(user)
    now = datetime.now(UTC)
    assert promises.lost_password_takes_a_link_and_a_second_factor(now).kept is True
    record_security(by=BY, kind="password.reset", account_id=user.pk, detail={"factor": "totp"}, now=now)
    found = promises.lost_password_takes_a_link_and_a_second_factor(now)
    assert (found.kept, len(found.figures["resets_without_a_factor_before"])) == (False, 1)
    assert found.figures["resets_without_their_link"] == 1


def test_session_that_outlives_a_reset_breaks_md_53() -> None:
    user = with_app()
    verified_client(user)
    now = datetime.now(UTC)
    record_security(by=BY, kind="password.reset", account_id=user.pk, detail={"factor": "totp"}, now=now)
    figures = promises.lost_password_takes_a_link_and_a_second_factor(now).figures
    assert figures["sessions_that_outlived_a_reset"] == 1


def test_link_that_lives_too_long_breaks_md_53() -> None:
    link, _token = links.make(with_app(), links.Kind.RESET, NOW)
    CredentialLink.objects.filter(pk=link.pk).update(valid_until=NOW + timedelta(hours=2))
    assert promises.lost_password_takes_a_link_and_a_second_factor(NOW).kept is False


# ── MD-52 ──


@pytest.mark.parametrize(
    ("changed", "put_off", "due"),
    [
        (datetime(2024, 11, 23, 12, tzinfo=UTC), None, datetime(2026, 11, 22, 23, tzinfo=UTC)),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), None, datetime(2026, 2, 27, 23, tzinfo=UTC)),
        (datetime(2024, 7, 31, 22, 30, tzinfo=UTC), None, datetime(2026, 7, 31, 22, tzinfo=UTC)),
        (datetime(2024, 1, 5, tzinfo=UTC), datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 2, 27, 23, tzinfo=UTC)),
        (datetime(2026, 1, 5, tzinfo=UTC), datetime(2025, 1, 31, tzinfo=UTC), datetime(2028, 1, 4, 23, tzinfo=UTC)),
    ],
)
def test_renewal_is_counted_in_calendar_months(changed: datetime, put_off: datetime | None, due: datetime) -> None:
    assert renewal.due_at(changed, put_off) == due


def test_reminder_is_put_off_for_a_month_and_then_asked_again() -> None:
    user = make_practitioner("camille@example.org")
    with time_machine.travel(NOW, tick=False) as clock:
        User.objects.filter(pk=user.pk).update(password_changed_at=datetime(2024, 11, 18, 9, tzinfo=UTC))
        client = WebClient()
        type_password(client, user.email)
        assert client.post(CODE, {"code": code_in_mail()})["Location"] == RENEW
        client.post(RENEW, {"later": "1"})
        assert client.get("/accounts/security/").status_code == 200
        clock.shift(timedelta(days=2))
        assert sign_in(user.email).get("/accounts/security/").status_code == 200
        clock.shift(timedelta(days=29))
        client = WebClient()
        type_password(client, user.email)
        assert client.post(CODE, {"code": code_in_mail()})["Location"] == RENEW
        client.post(RENEW, {"password": NEW})
        assert client.get("/accounts/security/").status_code == 200
        user.refresh_from_db()
        assert (user.check_password(NEW), user.renewal_put_off_at) == (True, None)
        assert promises.renewal_is_proposed_after_24_months_and_locks_nobody(datetime.now(UTC)).kept is True


def test_sign_in_without_the_question_breaks_md_52() -> None:
    user = make_practitioner()
    assert promises.renewal_is_proposed_after_24_months_and_locks_nobody(NOW).kept is True
    User.objects.filter(pk=user.pk).update(password_changed_at=datetime(2024, 11, 1, tzinfo=UTC), last_login=NOW)
    found = promises.renewal_is_proposed_after_24_months_and_locks_nobody(NOW)
    assert (found.kept, found.figures["signed_in_unasked"]) == (False, 1)


def test_reminder_that_locks_breaks_md_52() -> None:
    user = make_practitioner()
    renewal.put_off(user=user, by=BY, now=NOW)
    found = promises.renewal_is_proposed_after_24_months_and_locks_nobody(NOW)
    assert (found.kept, len(found.figures["put_off_and_shut_out"])) == (False, 1)
