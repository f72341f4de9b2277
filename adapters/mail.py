"""E-mail leaves through a door of its own: the same gates, the same journal, and a line before the letter (MD-46, PC-101).

No line, no letter: who can't be told that we wrote to them isn't written to. A letter that can't be sent is a fault, never lost
in silence: whoever wrote it offers to send it again.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection

from adapters import breaker, gates, journal
from adapters.content import HealthText
from adapters.faults import Broken, Fault, TimedOut
from adapters.grounds import Necessary, must_be_genuine
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.subprocessors import entry

CARRIED_WITH: Final = frozenset({Category.CONTACT, Category.IDENTITY})


class Letter(EmailMessage):
    """One message to one address on a legal basis. ``categories`` says which data is in it."""

    line: int | None = None
    ground: Necessary | None

    def __init__(
        self, subject: str, body: str, to: str, *, ground: Necessary, categories: frozenset[Category] | None = None
    ) -> None:
        super().__init__(subject, body, settings.DEFAULT_FROM_EMAIL, [to])
        must_be_genuine(ground)
        self.ground = ground
        self.categories = categories or frozenset({Category.CONTACT, *_said_by(ground)})

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
            stand_in=stand_in, now=now, durable=not connection.in_atomic_block,
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
        """The outcome of a letter that wasn't taken, written down. A refused address is no failure of the server."""
        late = isinstance(fault, TimeoutError)
        refused = isinstance(fault, SMTPRecipientsRefused)
        journal.arrive(self.line or 0, "rejected" if refused else "timed_out" if late else "broken", seconds=seconds)
        if not refused:
            breaker.failed(carrier, now)
        kind = type(fault).__name__
        return TimedOut(carrier, kind, sent=True) if late else Broken(carrier, kind, sent=True)


class Backend(EmailBackend):
    """Django's SMTP, for letters whose line is written; anything else stays here."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send them. Raises TypeError for a message that didn't come through :class:`Letter`."""
        for message in email_messages:
            if not isinstance(message, Letter) or message.line is None:
                raise TypeError("a mail leaves as adapters.mail.Letter, with its line in the egress journal")
        return super().send_messages(email_messages)


def without_health(values: Any) -> None:
    """Raises TypeError if a message's values hold health content, at any depth."""
    inner = values.values() if isinstance(values, dict) else values if isinstance(values, list | tuple) else ()
    if isinstance(values, HealthText):
        raise TypeError("health content never goes into an e-mail")
    for one in inner:
        without_health(one)


def _said_by(ground: Necessary) -> frozenset[Category]:
    """What such a letter says besides the address: a code, or who somebody is."""
    return frozenset({Category.CREDENTIAL}) if ground.name == "login_code" else CARRIED_WITH


def _host(now: datetime) -> tuple[str, bool]:
    """The host a letter goes to, and whether it is a stand-in of this machine: mail in files, in memory or to a test's server."""
    carrier, named = settings.MAIL_CARRIER, settings.MAIL_HOST
    if not settings.PRODUCTION and (not named or named in gates.LOOPBACK):
        found = entry(carrier, legal_day(now))
        return next(host.name for host in found.hosts if host.name.startswith("smtp.")), True
    gates.known_host(carrier, named, now)
    return named, False
