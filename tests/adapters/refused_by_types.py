"""What mypy refuses: health content on its way to e-mail, text messages, and whoever isn't let have it (PC-101, issue 5).

Nobody calls this. ``mypy`` reads it with all else (``./dev check``), and says of an ignored line that is right that its comment is of no
use: so each of these lines is refused, for this reason, and no other line is. Words that the vault opened are ``str`` to mypy;
they are refused where they stand as text, else when the program runs (tests/adapters/test_content.py).
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from accounts import mails
from accounts.models import User
from accounts.texts import sending
from adapters import bulkgate, google, livekit, mail, resend
from adapters.calls import Call, HealthCall
from adapters.content import Code, HealthText, Link, Name, Plain, Published
from adapters.door import send
from adapters.grounds import Ground
from adapters.scell import api as scell
from adapters.viva import api as viva
from privacy.declare import Category

NONE: Final[frozenset[Category]] = frozenset()


def by_call(words: HealthText, plain: Plain, ground: Ground, now: datetime) -> None:
    Call(subprocessor="resend", method="POST", url="", categories=NONE, json=words)  # type: ignore[arg-type]
    Call(subprocessor="resend", method="POST", url="", categories=NONE, json={"text": words})  # type: ignore[dict-item]
    Call(subprocessor="google", method="POST", url="", categories=NONE, json={"a": [{"summary": words}]})  # type: ignore[dict-item]
    Call(subprocessor="google", method="POST", url="", categories=NONE, form={"a": words})  # type: ignore[dict-item]
    Call(subprocessor="google", method="POST", url="", categories=NONE, query={"a": words})  # type: ignore[dict-item]
    Call(subprocessor="google", method="POST", url="", categories=NONE, headers={"a": words})  # type: ignore[dict-item]
    Call(subprocessor="google", method="POST", url="", categories=NONE, content=b"sound")  # type: ignore[call-arg]
    HealthCall(subprocessor="resend", method="POST", url="", categories=NONE, json=words)  # type: ignore[arg-type]
    HealthCall(subprocessor="bulkgate", method="POST", url="", categories=NONE, json=words)  # type: ignore[arg-type]
    HealthCall(subprocessor="google", method="POST", url="", categories=NONE, json=words)  # type: ignore[arg-type]
    HealthCall(subprocessor="viva", method="POST", url="", categories=NONE, json=words)  # type: ignore[arg-type]
    HealthCall(subprocessor="mistral", method="POST", url="", categories=NONE, json={"a": [words, plain]})
    HealthCall(subprocessor="assemblyai", method="POST", url="", categories=NONE, content=b"sound")
    send(words, ground=ground, now=now)  # type: ignore[arg-type]


def by_mail(words: HealthText, text: str, plain: Plain, ground: Ground) -> None:
    resend.Mail("ada@example.org", words, plain)  # type: ignore[arg-type]
    resend.Mail("ada@example.org", plain, words)  # type: ignore[arg-type]
    resend.Mail("ada@example.org", plain, text)  # type: ignore[arg-type]
    mail.Words("ada@example.org", plain, words)  # type: ignore[arg-type]
    mail.Letter(words, plain, "ada@example.org", ground=ground)  # type: ignore[arg-type]
    mail.Letter(plain, text, "ada@example.org", ground=ground)  # type: ignore[arg-type]
    mails.from_template("a", "ada@example.org", {"note": words}, language="en")  # type: ignore[dict-item]
    mails.from_template("a", "ada@example.org", {"note": text}, language="en")  # type: ignore[dict-item]
    Plain.from_template("a", {"note": words}, language="en")  # type: ignore[dict-item]
    Plain.from_template("a", {"note": text}, language="en")  # type: ignore[dict-item]


def by_text(words: HealthText, text: str, user: User, now: datetime) -> None:
    bulkgate.Text("+33612345678", words, "a", NONE)  # type: ignore[arg-type]
    bulkgate.Text("+33612345678", text, "a", NONE)  # type: ignore[arg-type]
    sending.tell(user, "a", {"note": words}, now=now)  # type: ignore[dict-item]
    sending.tell(user, "a", {"note": text}, now=now)  # type: ignore[dict-item]


def by_value(words: HealthText) -> None:
    Name(words)  # type: ignore[arg-type]
    Name.short(words)  # type: ignore[arg-type]
    Link(words)  # type: ignore[arg-type]
    Code(words)  # type: ignore[arg-type]
    Published(words)  # type: ignore[arg-type]


def by_service(words: HealthText, text: str, number: UUID, ground: Ground, now: datetime) -> None:
    scell.Line(words, 100)  # type: ignore[arg-type]
    scell.Line(text, 100)  # type: ignore[arg-type]
    scell.NewSignature(id=number, title=words, file_name=Name("a.pdf"), document=b"", signers=())  # type: ignore[arg-type]
    scell.NewSignature(id=number, title=Name("a"), file_name=text, document=b"", signers=())  # type: ignore[arg-type]
    scell.Party(words, "a", "b", "c")  # type: ignore[arg-type]
    viva.NewOrder(payment_id=number, kind="subscription", amount=100, email=words)  # type: ignore[arg-type]
    google.BusyTime(number, words, now)  # type: ignore[arg-type]
    google.make_calendar(words, ground=ground, now=now)  # type: ignore[arg-type]
    livekit.end_room(words, ground=ground, now=now)  # type: ignore[arg-type]
