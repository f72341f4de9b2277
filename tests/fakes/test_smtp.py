"""The mail server that is played: strict about what it is told, and what it takes is in the mailbox."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from smtplib import SMTP, SMTPDataError, SMTPServerDisconnected

import pytest

from fakes import smtp
from fakes.server import Fakes, all_providers, serving
from tests.fakes.calling import ask, here

HELLO = b"EHLO me.example\r\n"
MAIL = b"MAIL FROM:<a@example.org>\r\n"
RCPT = b"RCPT TO:<b@example.org>\r\n"
HEAD = b"From: a@example.org\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
BEGUN = (HELLO, MAIL, RCPT, b"DATA\r\n")


@pytest.fixture(scope="module")
def served() -> Iterator[Fakes]:
    with serving(Fakes(all_providers()), mail_port=0) as fakes:
        yield fakes


@pytest.fixture(autouse=True)
def _as_new(served: Fakes) -> None:
    served.reset()


def talk(port: int, *lines: bytes) -> list[int]:
    """The code of each answer, the greeting's first; 0 once nobody answers any more."""
    codes = []
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line, line.makefile("rb") as heard:
        for said in (b"", *lines):
            line.sendall(said)
            answer = heard.readline()
            while answer[3:4] == b"-":
                answer = heard.readline()
            codes.append(int(answer[:3] or 0))
    return codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([MAIL], [503]),
        ([HELLO, RCPT], [250, 503]),
        ([HELLO, b"DATA\r\n"], [250, 503]),
        ([HELLO, MAIL, b"DATA\r\n"], [250, 250, 503]),
        ([HELLO, MAIL, MAIL], [250, 250, 503]),
        ([HELLO, MAIL, b"RSET\r\n", RCPT], [250, 250, 250, 503]),
        ([HELLO, MAIL, HELLO, RCPT], [250, 250, 250, 503]),
        ([b"EHLO\r\n", b"helo me\r\n", b"noop\r\n", b"VRFY b\r\n"], [501, 250, 250, 252]),
        ([b"STARTTLS\r\n", b"AUTH PLAIN x\r\n", b"HOLA me\r\n"], [502, 502, 500]),
        ([HELLO, b"MAIL FROM:a@example.org\r\n", b"MAIL FROM: <a@example.org>\r\n"], [250, 501, 501]),
        ([HELLO, b"MAIL FROM:<a@example.org> SIZE=99999999\r\n"], [250, 552]),
        ([HELLO, b"MAIL FROM:<a@example.org> SMTPUTF8\r\n"], [250, 555]),
        ([HELLO, b"MAIL FROM:<> SIZE=10 BODY=8BITMIME\r\n", b"RCPT TO:<>\r\n"], [250, 250, 501]),
        ([HELLO, MAIL, b"RCPT TO:<nobody@example.invalid>\r\n"], [250, 250, 550]),
        ([b"NOOP\n", "NOOP é\r\n".encode(), b"NOOP " + b"x" * 600 + b"\r\n", b"NOOP\r\n"], [500, 500, 500, 250]),
        ([*BEGUN, HEAD + b"\r\nHello\r\n.\r\n", RCPT], [250, 250, 250, 354, 250, 503]),
        ([*BEGUN, b"From: a@example.org\r\n\r\nHello\r\n.\r\n"], [250, 250, 250, 354, 554]),
        ([*BEGUN, HEAD + HEAD + b"\r\nHello\r\n.\r\n"], [250, 250, 250, 354, 554]),
        ([*BEGUN, HEAD + b"Content-Type: text/plain; charset=none\r\n\r\nHello\r\n.\r\n"], [250, 250, 250, 354, 554]),
        ([*BEGUN, HEAD + b"\r\nHello\n.\nMAIL FROM:<x@example.org>\r\n.\r\n"], [250, 250, 250, 354, 554]),
        ([*BEGUN, HEAD + b"\r\n" + b"x" * 999 + b".\r\n.\r\n", b"NOOP\r\n"], [250, 250, 250, 354, 554, 250]),
        ([b"?\r\n"] * 10, [500] * 10),
        ([b"QUIT\r\n", b"NOOP\r\n"], [221, 0]),
    ],
)  # fmt: skip
def test_each_line_gets_the_answer_of_the_protocol(served: Fakes, lines: list[bytes], codes: list[int]) -> None:
    assert talk(served.mail_port, *lines) == [220, *codes]


def test_after_too_many_mistakes_nobody_answers(served: Fakes) -> None:
    with socket.create_connection(("127.0.0.1", served.mail_port), timeout=5) as line, line.makefile("rb") as heard:
        line.sendall(b"?\r\n" * 10)
        said = heard.read()
    assert (said.count(b"500 "), said.endswith(b"421 too many mistakes\r\n")) == (10, True)


def test_a_message_that_is_too_large_is_read_to_its_end_and_refused(
    served: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LARGEST", 200)
    large = HEAD + b"\r\n" + (b"x" * 78 + b"\r\n") * 5 + b".\r\n"
    assert talk(served.mail_port, *BEGUN, large, b"NOOP\r\n") == [220, 250, 250, 250, 354, 552, 250]
    assert served["resend"].mails == {}


def letter(text: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "PratiConnect <a@example.org>", "somebody@example.org", "Votre clé"
    made["Date"], made["X-Own"] = format_datetime(localtime()), "yes"
    made.set_content(text)
    return made


def send(served: Fakes, made: EmailMessage) -> None:
    with SMTP("127.0.0.1", served.mail_port, timeout=5) as client:
        client.send_message(made, "a@example.org", ["b@example.org"])


def test_a_letter_is_in_the_mailbox_with_its_links(served: Fakes) -> None:
    send(served, letter("Bonjour,\n.\nhttps://example.org/é?a=1&b=2 <b>\n"))
    (mail,) = served["resend"].mails.values()
    assert mail.said == {
        "from": "PratiConnect <a@example.org>", "to": ["b@example.org"], "subject": "Votre clé",
        "text": "Bonjour,\n.\nhttps://example.org/é?a=1&b=2 <b>\n", "headers": {"X-Own": "yes"},
    }  # fmt: skip
    assert "Votre clé" in ask(served, "GET", "/resend/mailbox", host=here(served))[1]
    assert f"by SMTP at port {served.mail_port}." in ask(served, "GET", "/", host=here(served))[1]
    page = ask(served, "GET", f"/resend/mail/{mail.id}", host=here(served))[1]
    assert '<a href="https://example.org/é?a=1&amp;b=2">' in page
    assert "&lt;b&gt;" in page
    assert [(one.method, one.host) for one in served["resend"].calls] == [("SMTP", "smtp.resend.com")]


@pytest.mark.parametrize(
    ("trouble", "raises", "kept"),
    [
        ({"status": 451}, SMTPDataError, 0),
        ({"status": 451, "after": True}, SMTPDataError, 1),
        ({"close": True}, SMTPServerDisconnected, 0),
    ],
)
def test_the_next_letter_goes_wrong_as_told(
    served: Fakes, trouble: dict[str, object], raises: type[Exception], kept: int
) -> None:
    served["resend"].fail_next(**trouble)
    with pytest.raises(raises):
        send(served, letter("Hello"))
    assert (len(served["resend"].mails), served["resend"].count) == (kept, 1)


def test_a_letter_tried_again_under_its_key_is_one_in_the_mailbox(served: Fakes) -> None:
    for key in ("a", "a", "b", "", ""):
        made = letter("Hello")
        if key:
            made["Resend-Idempotency-Key"] = key
        send(served, made)
    said = [mail.said["headers"] for mail in served["resend"].mails.values()]
    assert (said, served["resend"].count) == ([{"X-Own": "yes"}] * 4, 5)


def test_a_letter_that_is_cut_off_was_never_sent(served: Fakes) -> None:
    talk(served.mail_port, *BEGUN)
    with socket.create_connection(("127.0.0.1", served.mail_port), timeout=5) as line:
        line.sendall(b"".join(BEGUN) + HEAD + b"\r\nHello\r\n")
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass
    assert served["resend"].mails == {}
