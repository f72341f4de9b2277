"""Every e-mail is a row of the outbox: it stands and falls with the act, and goes to whoever may be written to when it leaves."""

from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from accounts import hooks, mails
from accounts.models import User
from adapters import outbox
from adapters.content import Name
from adapters.models import Outgoing
from fakes.server import Fakes
from praticonnect import adapter_settings
from tests.accounts.factories import make_practitioner
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.letters import deliver

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def user() -> User:
    return make_practitioner("camille@example.org")


def code(user: User) -> None:
    mails.login_code(user=user, code="482913", valid_until=None)


def test_a_message_falls_with_its_act(user: User) -> None:
    with transaction.atomic():
        code(user)
        transaction.set_rollback(True)
    assert (Outgoing.objects.count(), mail.outbox) == (0, [])


def test_a_message_lies_sealed_and_without_an_address_until_it_left(user: User) -> None:
    code(user)
    row = Outgoing.objects.get()
    assert (row.kind, row.necessity, row.subject_id, row.content["to"]) == (mails.KIND, "login_code", user.pk, "")
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(row)::text from adapters_outgoing as row")
        lies = cursor.fetchone()[0]
    assert [word in lies for word in ("482913", "login_code", "camille", mails.KIND)] == [False, True, False, True]
    assert "482913" in mail.outbox[0].body
    row.refresh_from_db()
    assert (row.state, row.payload) == ("done", None)


def test_a_message_goes_to_the_address_of_the_moment_it_leaves(user: User) -> None:
    code(user)
    user.email = "new@example.org"
    user.save(update_fields=["email"])
    assert [one.to for one in mail.outbox] == [["new@example.org"]]


def close(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("to", ["the account", "the address"])
def test_nobody_writes_to_a_closed_account(user: User, to: str) -> None:
    with transaction.atomic():
        mails.from_template(
            "account/email/wrong_codes",
            user if to == "the account" else user.email,
            {"password_url": None},
            language="en",
        )
    close(user)
    assert mail.outbox == []
    row = Outgoing.objects.get()
    assert (row.state, row.problem, row.payload) == ("dropped", "account_closed", None)


def test_nobody_writes_to_the_dead_but_who_types_a_password_lives(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "silences", [lambda account_id: account_id == user.pk])
    with transaction.atomic():
        mails.wrong_codes(user=user)
    code(user)
    assert [one.subject for one in mail.outbox] == ["Your code to sign in"]
    assert list(Outgoing.objects.order_by("pk").values_list("state", "problem")) == [
        ("dropped", "holder_died"),
        ("done", ""),
    ]


def test_who_keeps_book_learns_of_it_when_it_left_and_may_hold_it_back(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []

    def still(about: Any, _now: Any) -> None:
        if about == ["held"]:
            raise mails.Refused(mails.CLOSED)

    monkeypatch.setitem(mails._occasions, "test", mails.Occasion("test", lambda about, _now: said.append(about), still))
    with transaction.atomic():
        for about in ("held", "sent"):
            mails.from_template(
                "account/email/wrong_codes", user, {"password_url": None}, language="en", occasion="test", about=[about]
            )
    assert said == []
    assert (len(mail.outbox), said) == (1, [["sent"]])
    with pytest.raises(LookupError), transaction.atomic():
        mails.from_template("account/email/wrong_codes", user, {}, language="en", occasion="nobody's")
    with pytest.raises(ValueError, match="two occasions"):
        mails.keep_book(mails.Occasion("test", lambda about, now: None))


def test_free_text_gets_into_no_message(user: User) -> None:
    long = f"see https://evil.example {'x' * 300}\nand more"
    with transaction.atomic():
        mails.from_template(
            "care/email/invitation",
            user,
            {"practice": Name.short(long), "role": Name(""), "link": None, "until": None},
            language="en",
        )
    (name,) = (value for value in Outgoing.objects.get().content["values"].values() if value[1] and "see" in value[1])
    assert (name[0], len(name[1]), "://" in name[1], "\n" in name[1]) == ("name", 120, False, False)


# ── over Resend's own interface ──


@pytest.fixture
def resend(fakes: Fakes, settings: Any) -> Any:  # noqa: F811 - a fixture
    settings.MAIL_WAY = "resend"
    return fakes["resend"]


def test_resend_s_interface_sends_once_however_often_it_is_asked(user: User, resend: Any) -> None:
    code(user)
    row = Outgoing.objects.get()
    for _attempt in range(2):
        assert outbox.attempt(row, now=row.due_at).problem == ""
    (sent,) = resend.mails.values()
    assert (sent.said["to"], sent.said["subject"], "482913" in sent.said["text"]) == (
        ["camille@example.org"], "Your code to sign in", True,
    )  # fmt: skip
    assert list(resend.keys) == [str(row.pk)]


def test_resend_s_interface_that_fails_is_tried_again(user: User, resend: Any) -> None:
    code(user)
    for _try in range(2):
        resend.fail_next(status=500)
    row = Outgoing.objects.get()
    deliver()
    row.refresh_from_db()
    assert (row.state, row.problem, resend.mails) == ("waiting", "broken", {})
    deliver()
    assert len(resend.mails) == 1


@pytest.mark.parametrize(
    ("key", "host", "way"),
    [("", "", "smtp"), ("", "smtp.resend.com", "smtp"), ("re_1", "", "resend"), ("re_1", "smtp.resend.com", "smtp")],
)
def test_mail_leaves_by_the_way_that_is_set_up(key: str, host: str, way: str) -> None:
    block = {"resend": {"credentials": {"RESEND_API_KEY": key, "RESEND_WEBHOOK_SECRET": key}}}
    assert adapter_settings.mail_way(block, host) == way
