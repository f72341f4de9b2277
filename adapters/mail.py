"""E-mail leaves through a door of its own: the same gates, the same journal, and a line before the letter (MD-46, PC-101).

No line, no letter: who can't be told that we wrote to them isn't written to. A letter that can't be sent is a fault, never lost
in silence: its row of the outbox is tried again, under the same Message-ID, or shown in the office.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError
from django.db import connection

from adapters import breaker, gates, journal, resend
from adapters.boxes.models import Outgoing
from adapters.content import Plain
from adapters.faults import Broken, Busy, Fault, TimedOut
from adapters.grounds import Ground, Necessary, must_be_genuine
from adapters.outbox import Undeliverable
from privacy.declare import Category

CARRIED_WITH: Final = frozenset({Category.CONTACT, Category.IDENTITY})


@dataclass(frozen=True, slots=True)
class Words:
    """What one message says, to one address, with its papers: name, content, kind."""

    to: str = field(repr=False)
    subject: Plain
    text: Plain
    papers: tuple[tuple[str, bytes, str], ...] = ()


class NotTaken(Broken):
    """The mail server refuses the address or the message for good (5xx): trying again changes nothing."""

    outcome = "rejected"
    again = False


def post(words: Words, *, row: Outgoing, ground: Ground, now: datetime) -> None:
    """Send what a row of the outbox asks for, by the way that ``MAIL_WAY`` names: SMTP, or Resend's interface.

    However often it is called for a row, the other side knows it for the same message. Raises as the door does,
    ``Undeliverable`` for an address that no header can hold.
    """
    if settings.MAIL_WAY == "resend":
        said = resend.Mail(words.to, words.subject, words.text, papers=words.papers, categories=_said_by(ground))
        resend.send_message(said, key=row.idempotency_key, outgoing_id=row.pk, ground=ground, now=now)
        return
    letter = Letter(words.subject, words.text, words.to, ground=ground, row=row)
    for name, content, kind in words.papers:
        letter.attach(name, content, kind)
    try:
        letter.send()
    except BadHeaderError:
        raise Undeliverable("bad_header") from None


class Letter(EmailMessage):
    """One message to one address on a legal basis, in words of a template. ``categories`` says which data is in it.

    Raises TypeError for other words.
    """

    line: int | None = None
    ground: Necessary | None

    def __init__(
        self, subject: Plain, text: Plain, to: str, *, ground: Ground, categories: frozenset[Category] | None = None,
        row: Outgoing | None = None,
    ) -> None:  # fmt: skip
        if not (isinstance(subject, Plain) and isinstance(text, Plain)):
            raise TypeError("the words of a letter are Plain: made from a template")
        one_line = " ".join(str(subject).split())
        super().__init__(one_line, f"{text}\n", settings.DEFAULT_FROM_EMAIL, [to], headers=_named_after(row))
        must_be_genuine(ground)
        if not isinstance(ground, Necessary):
            raise TypeError("a consent is one to news, which goes with its one-click stop (adapters.resend.send_news)")
        self.ground, self.outgoing_id = ground, row.pk if row else None
        self.categories = categories or _said_by(ground)

    def send(self, fail_silently: bool = False, *, using: str | None = None) -> int:
        """Write the line, then send: once. Raises ``adapters.faults.Fault`` and ``privacy.refusals.Refused``; no line, nothing left."""
        ground, self.ground = self.ground, None
        if ground is None:
            raise TypeError("a letter leaves once; write another")
        now = journal.database_clock()
        carrier = settings.MAIL_CARRIER
        host, stand_in = _host(now)
        ground.check(now)
        ground.covers(carrier, self.categories)
        gates.require_open(carrier, now, needs_credentials=False)
        self.line = journal.depart(
            carrier, host, ground=ground, categories=self.categories, bytes_out=len(self.message().as_bytes()),
            stand_in=stand_in, now=now, durable=not connection.in_atomic_block, outgoing_id=self.outgoing_id,
        )  # fmt: skip
        began = time.monotonic()
        try:
            sent = super().send()
        except (OSError, SMTPException) as fault:
            raise self._settled(carrier, now, fault, time.monotonic() - began) from None
        journal.arrive(self.line, "delivered", seconds=time.monotonic() - began)
        breaker.succeeded(carrier)
        return sent

    def _settled(self, carrier: str, now: datetime, fault: Exception, seconds: float) -> Fault:
        """The outcome of a letter that wasn't taken, written down. What it says of one letter is no failure of the server."""
        found, of_server = _read(carrier, fault)
        status = getattr(found, "status", None)
        journal.arrive(self.line or 0, found.outcome, status=status, seconds=seconds)
        if of_server:
            breaker.failed(carrier, now)
        return found


def _read(carrier: str, fault: Exception) -> tuple[Fault, bool]:
    """What a mail server's refusal means, and whether it is the server that fails. Its words name the address, so they stay behind."""
    kind = type(fault).__name__
    if isinstance(fault, TimeoutError):
        return TimedOut(carrier, kind, sent=True), True
    status = _status(fault)
    about_the_letter = isinstance(fault, SMTPRecipientsRefused | SMTPSenderRefused | SMTPDataError)
    if 400 <= status < 500:
        return Busy(carrier, status, None), not about_the_letter
    if about_the_letter and status >= 500:
        return NotTaken(carrier, kind, sent=True, status=status), False
    return Broken(carrier, kind, sent=True, status=status or None), True


def _status(fault: Exception) -> int:
    """The three digits a mail server answered with; 0 where it didn't."""
    if isinstance(fault, SMTPRecipientsRefused):
        return min((code for code, _words in fault.recipients.values()), default=0)
    return fault.smtp_code if isinstance(fault, SMTPResponseException) else 0


def _named_after(row: Outgoing | None) -> dict[str, str]:
    """The same name at every attempt, so that a mailbox, and Resend, know the second for the first."""
    if row is None:
        return {}
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    named = {"Message-ID": f"<{row.idempotency_key}@{domain}>"}
    return named | ({"Resend-Idempotency-Key": row.idempotency_key} if settings.MAIL_CARRIER == "resend" else {})


class Backend(EmailBackend):
    """Django's SMTP, for letters whose line is written; anything else stays here."""

    def open(self) -> bool | None:
        """As Django does, and no socket stays open when TLS or the password fail. Raises as ``smtplib`` does."""
        try:
            return super().open()
        except (OSError, SMTPException):
            if half := getattr(self, "_partial_connection", None):
                half.close()
            self._partial_connection = None
            raise

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send them. Raises TypeError for a message that didn't come through :class:`Letter`."""
        for message in email_messages:
            if not isinstance(message, Letter) or message.line is None:
                raise TypeError("a mail leaves as adapters.mail.Letter, with its line in the egress journal")
        return super().send_messages(email_messages)


def _said_by(ground: Ground) -> frozenset[Category]:
    """What such a letter holds: the address, and a code or who somebody is."""
    said = frozenset({Category.CREDENTIAL}) if ground.name == "login_code" else CARRIED_WITH
    return frozenset({Category.CONTACT, *said})


def _host(now: datetime) -> tuple[str, bool]:
    """The host a letter goes to, and whether it is a stand-in of this machine: mail in files, in memory or to a test's server."""
    carrier, named = settings.MAIL_CARRIER, settings.MAIL_HOST
    if not settings.PRODUCTION and (not named or named in gates.LOOPBACK):
        found = gates.registered(carrier, now)
        return next(host.name for host in found.hosts if host.name.startswith("smtp.")), True
    gates.known_host(carrier, named, now)
    return named, False
