"""E-mail passes the same gates and the same journal: no line, no letter; no letter without a ground."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection
from django.db import DatabaseError, transaction

from accounts import mails
from adapters import actions
from adapters.content import HealthText, Plain
from adapters.door import Broken, Closed
from adapters.grounds import NoGround, necessary
from adapters.mail import Letter
from adapters.models import Breaker, Egress, EgressOutcome, Outgoing
from audit.actors import Actor
from privacy.declare import Category
from tests.accounts.factories import make_practitioner
from tests.adapters.calls import NOW
from tests.letters import deliver
from vault.unsealed import Unsealed

pytestmark = pytest.mark.django_db(databases="__all__")


def letter(**said: Any) -> Letter:
    said = {"ground": necessary("account_message"), "subject": hello(), "text": hello(), "to": "ada@example.org"} | said
    return Letter(said.pop("subject"), said.pop("text"), said.pop("to"), **said)


def hello() -> Plain:
    return Plain.from_template("account/email/login_code_subject.txt", {}, language="en")


def test_a_letter_leaves_with_its_line(mailoutbox: list[EmailMessage]) -> None:
    user = make_practitioner()
    mails.login_code(user=user, code="123456", valid_until=None)
    assert deliver() == 1
    line, end = Egress.objects.get(), EgressOutcome.objects.get()
    assert (line.subprocessor, line.host, line.stand_in, line.ground, line.subject_id, line.categories) == (
        "resend", "smtp.resend.com", True, "login_code", user.pk, "contact,credential",
    )  # fmt: skip
    written = len(
        mailoutbox[0].message().as_bytes()
    )  # each writing makes a Message-ID anew, some signs longer or shorter
    assert (abs(line.bytes_out - written) <= 4, end.outcome) == (True, "delivered")
    assert (line.outgoing_id, "123456" in str(line.__dict__)) == (Outgoing.objects.get().pk, False)


@pytest.mark.parametrize(
    ("prefix", "ground"),
    [
        ("account/email/login_code", "login_code"),
        ("account/email/password_reset_key", "account_message"),
        ("patient/email/invitation", "account_message"),
        ("gdpr/email/answer", "legal_notice"),
        ("lifecycle/email/breach", "legal_notice"),
        ("lifecycle/email/trial_ends", "account_message"),
    ],
)
def test_a_message_s_basis_follows_from_its_template(prefix: str, ground: str) -> None:
    assert mails.ground_of(prefix) == ground


def test_a_closed_way_sends_no_letter_and_says_so(mailoutbox: list[EmailMessage]) -> None:
    actions.switch_off(subprocessor="resend", reason="An incident there", by=Actor.operations("test"), now=NOW)
    mails.login_code(user=make_practitioner(), code="123456", valid_until=None)
    with pytest.raises(Closed):
        letter().send()
    assert (mailoutbox, Egress.objects.count()) == ([], 0)
    row = Outgoing.objects.get()
    assert (row.state, row.problem) == ("waiting", "closed")


def test_without_its_line_no_letter_leaves(mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Egress, "save", full)
    mails.login_code(user=make_practitioner(), code="123456", valid_until=None)
    assert mailoutbox == []
    assert Outgoing.objects.get().problem == "unwritten"


def test_a_letter_carries_no_more_than_its_basis(mailoutbox: list[EmailMessage]) -> None:
    for said in ({"categories": frozenset({Category.HEALTH})}, {"ground": necessary("patient_payment")}):
        with pytest.raises(NoGround):
            letter(**said).send()
    with pytest.raises(TypeError, match="Nothing leaves without a ground"):
        letter(ground=None)
    assert (mailoutbox, Egress.objects.count()) == ([], 0)


def test_health_content_gets_into_no_letter(mailoutbox: list[EmailMessage]) -> None:
    for value in ("a", Unsealed("a"), HealthText("a"), [HealthText("a")], {"y": HealthText("a")}):
        with pytest.raises(TypeError, match="may not go into a message"):
            mails.from_template("account/email/login_code", "a@example.org", {"x": value}, language="en")  # type: ignore
    for words in ("a", Unsealed("a"), HealthText("a")):
        for part in ("subject", "text"):
            with pytest.raises(TypeError, match="made from a template"):
                letter(**{part: words})
    assert (mailoutbox, Outgoing.objects.count()) == ([], 0)


def test_a_letter_inside_a_transaction_has_its_line_there_too(mailoutbox: list[EmailMessage]) -> None:
    with transaction.atomic():
        letter().send()
    assert (len(mailoutbox), Egress.objects.count()) == (1, 1)


class Postman(socketserver.StreamRequestHandler):
    """Takes letters, or refuses the addressee."""

    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = b""
                while not letter.endswith(b"\r\n.\r\n"):
                    letter += self.rfile.readline()
                server.letters.append(letter)
            if verb == b"RCPT" and server.refuses:
                self.wfile.write(b"550 nobody\r\n")
                continue
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 fine\r\n")
            if verb == b"QUIT":
                return


@contextmanager
def post_office(*, refuses: bool = False) -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as server:
        server.letters, server.refuses = [], refuses  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def smtp(settings: Any) -> Any:
    def over(port: int) -> None:
        settings.EMAIL_BACKEND, settings.EMAIL_USE_TLS = "adapters.mail.Backend", False
        settings.EMAIL_HOST = settings.MAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = port, 2

    return over


def test_a_letter_goes_over_smtp(smtp: Any) -> None:
    with post_office() as there:
        smtp(there.server_address[1])
        letter().send()
    (taken,) = there.letters
    assert (
        b"Subject: Your code to sign in" in taken,
        b"\n\nYour code to sign in" in taken.replace(b"\r", b""),
        EgressOutcome.objects.get().outcome,
    ) == (
        True,
        True,
        "delivered",
    )


def test_an_address_nobody_has_is_refused_and_no_fault_of_the_server(smtp: Any) -> None:
    with post_office(refuses=True) as there:
        smtp(there.server_address[1])
        with pytest.raises(Broken):
            letter().send()
    end = EgressOutcome.objects.get()
    assert (end.outcome, end.status, Breaker.objects.exists()) == ("rejected", 550, False)


def test_a_server_that_isn_t_there_is_broken_and_counted(smtp: Any) -> None:
    with post_office() as there:
        smtp(there.server_address[1])
    with pytest.raises(Broken):
        letter().send()
    assert (EgressOutcome.objects.get().outcome, Breaker.objects.get().failures) == ("broken", 1)


def test_a_message_past_the_journal_stays_here(smtp: Any) -> None:
    with post_office() as there:
        smtp(there.server_address[1])
        for message in (EmailMessage("a", "b", None, ["a@example.org"]), letter()):
            with pytest.raises(TypeError, match=r"as adapters\.mail\.Letter"):
                get_connection().send_messages([message])
    assert there.letters == []


def test_a_mail_server_nobody_registered_gets_no_letter(settings: Any, mailoutbox: list[EmailMessage]) -> None:
    settings.MAIL_HOST = "mail.example.org"
    with pytest.raises(Closed, match="doesn't know this host"):
        letter().send()
    settings.MAIL_HOST, settings.PRODUCTION = "127.0.0.1", True
    with pytest.raises(Closed, match="doesn't know this host"):
        letter().send()
    settings.MAIL_HOST = "smtp.resend.com"
    letter().send()
    line = Egress.objects.get()
    assert (line.host, line.stand_in, len(mail.outbox), issubclass(SMTPException, OSError)) == (
        "smtp.resend.com",
        False,
        1,
        True,
    )
