"""E-mail against a mail server of somebody else's making, over a socket: TLS, password, refusals, cut lines, and one name for each letter."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts import mails
from adapters import outbox
from adapters.content import Name
from adapters.models import Breaker, Egress, EgressOutcome, Outgoing
from tests.accounts.factories import make_practitioner
from tests.adapters.post_office import PASSWORD, USER, Office, certificate, opened
from tests.letters import deliver

pytestmark = pytest.mark.django_db(databases="__all__")
TO = "camille@example.org"
SAID = {"role": Name("assistant"), "link": None, "until": datetime(2026, 11, 23, tzinfo=UTC)}
Over = Callable[..., None]


@pytest.fixture
def over(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Over:
    """Have mail leave to an office, with TLS and a password if there is a ``trusted`` certificate."""

    def told(office: Office, trusted: Path | None = None, password: str = PASSWORD) -> None:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.MAIL_HOST = (
            "adapters.mail.Backend",
            "127.0.0.1",
            "127.0.0.1",
        )
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT, settings.EMAIL_USE_TLS = office.port, 5, trusted is not None
        if trusted:
            settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, password
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    return told


@pytest.fixture
def plain(over: Over) -> Iterator[Office]:
    """An office without TLS, to which mail leaves."""
    with opened() as office:
        over(office)
        yield office


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("wrong"), address="127.0.0.9")


def queued(to: str = TO) -> Outgoing:
    """A login code that waits."""
    mails.login_code(user=make_practitioner(to), code="123456", valid_until=None)
    return Outgoing.objects.get()


def standing(row: Outgoing) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.problem


def test_a_message_leaves_encrypted_after_a_password_under_a_name_of_its_own(over: Over, right: Path) -> None:
    row = queued()
    with opened(right) as office:
        over(office, right)
        deliver()
    (letter,) = office.taken
    assert (letter["To"], letter["Message-ID"], letter["Resend-Idempotency-Key"], b"123456" in bytes(letter.get_payload(decode=True))) == (
        TO, f"<{row.pk}@praticonnect.com>", str(row.pk), True,
    )  # fmt: skip
    assert (office.encrypted, len(office.signed_in), standing(row)) == ([True], 1, ("done", ""))


@pytest.mark.parametrize("served", ["a stranger's", "another host's"])
def test_a_certificate_that_isn_t_theirs_gets_no_letter_and_no_password(
    over: Over, right: Path, wrong: Path, served: str
) -> None:
    row = queued()
    with opened(wrong) as office:
        over(office, right if served == "a stranger's" else wrong)
        deliver()
    assert (office.taken, office.signed_in, standing(row)) == ([], [], ("waiting", "broken"))
    assert EgressOutcome.objects.get().outcome == "broken"


def test_a_server_without_tls_gets_no_letter_and_no_password(over: Over, right: Path) -> None:
    row = queued()
    with opened() as office:
        over(office, right)
        deliver()
    assert (office.taken, office.signed_in, standing(row)) == ([], [], ("waiting", "broken"))


def test_a_wrong_password_of_ours_is_no_end_of_the_letter(over: Over, right: Path) -> None:
    row = queued()
    with opened(right) as office:
        over(office, right, "old")
        deliver()
        over(office, right)
        deliver()
    assert (len(office.taken), standing(row), Breaker.objects.get().failures) == (1, ("done", ""), 0)
    assert list(EgressOutcome.objects.order_by("pk").values_list("outcome", "status")) == [
        ("broken", 535),
        ("delivered", None),
    ]


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_not_now_is_tried_later(plain: Office, step: str) -> None:
    row = queued()
    setattr(plain, step, ["451 4.7.1 greylisted, come back"])
    deliver()
    assert (plain.taken, standing(row), EgressOutcome.objects.get().status) == ([], ("waiting", "busy"), 451)
    deliver()
    assert (len(plain.taken), standing(row), Breaker.objects.exists()) == (1, ("done", ""), False)


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_never_is_the_office_s(plain: Office, step: str, caplog: pytest.LogCaptureFixture) -> None:
    row = queued("ines.canary@example.org")
    setattr(plain, step, ["550 5.1.1 <ines.canary@example.org>: no such mailbox"])
    assert (deliver(), deliver()) == (1, 0)
    assert (plain.taken, standing(row), Breaker.objects.exists()) == ([], ("failed", "rejected"), False)
    assert (row.payload is not None, "canary" in caplog.text) == (True, False)


def test_a_letter_that_was_taken_by_a_line_that_broke_is_sent_again_under_its_name(plain: Office) -> None:
    row = queued()
    plain.data = ["cut"]
    deliver()
    assert (len(plain.taken), standing(row)) == (1, ("waiting", "broken"))
    deliver()
    names = [letter["Message-ID"] for letter in plain.taken]
    assert (len(names), len(set(names)), standing(row)) == (2, 1, ("done", ""))
    assert set(Egress.objects.values_list("outgoing_id", flat=True)) == {row.pk}


def test_a_worker_killed_between_sending_and_noting_sends_again_under_the_same_name(
    plain: Office, now: datetime
) -> None:
    row = queued()
    held = Outgoing.claim(row.due_at)
    assert held is not None
    outbox.attempt(held, now=row.due_at)  # and here the worker dies
    row.refresh_from_db()
    later = Outgoing.claim(row.due_at)
    assert later is not None
    assert outbox.finish(later, outbox.attempt(later, now=row.due_at), now=row.due_at)
    assert (len(plain.taken), len({letter["Message-ID"] for letter in plain.taken}), standing(row)[0]) == (2, 1, "done")


@pytest.mark.parametrize("to", ["a@example.org\nBcc: b@example.org", "a@example.org\r\n\r\nA letter of my own"])
def test_an_address_cannot_bring_headers(plain: Office, to: str) -> None:
    with transaction.atomic():
        mails.from_template("care/email/invitation", to, {**SAID, "practice": Name("Paris")}, language="en")
    deliver()
    assert (plain.taken, standing(Outgoing.objects.get())) == ([], ("failed", "bad_header"))
    assert not Egress.objects.exists()


def test_a_value_cannot_bring_headers(plain: Office) -> None:
    said = {**SAID, "practice": Name.short("Paris\r\nBcc: b@example.org")}
    with transaction.atomic():
        mails.from_template("care/email/invitation", TO, said, language="en")
    deliver()
    (letter,) = plain.taken
    assert (letter["Bcc"], "Paris Bcc: b@example.org" in letter["Subject"]) == (None, True)
