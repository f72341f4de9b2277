"""What the page and the rules ask about an account's number and its messages."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.texts.models import TextNumber, TextSent
from accounts.texts.rules import DAY, MOST_LOGINS_A_DAY
from adapters import bulkgate, gates
from adapters.boxes.models import Outgoing

CODE = "code"
LOGIN = "login_code"
KIND = "accounts.text"


def number_of(account_id: UUID) -> TextNumber | None:
    """The account's number, proved or not."""
    return TextNumber.objects.filter(pk=account_id).first()


def codes_sent(account_id: UUID, now: datetime) -> int:
    """How many codes went to numbers of the account within a day, or wait to."""
    waiting = Outgoing.objects.filter(kind=KIND, subject_id=account_id, necessity="login_code", state="waiting")
    return TextSent.objects.filter(user_id=account_id, kind=CODE, sent_at__gt=now - DAY).count() + waiting.count()


def number_for_codes(account_id: UUID, now: datetime) -> TextNumber | None:
    """The proved number to which a code to sign in can go now: texts are open, and not too many went there today."""
    row = number_of(account_id)
    if row is None or row.proved_at is None or not is_open(now):
        return None
    sent = TextSent.objects.filter(user_id=account_id, kind=LOGIN, sent_at__gt=now - DAY).count()
    return row if sent < MOST_LOGINS_A_DAY else None


def messages_of(account_id: UUID) -> QuerySet[TextSent]:
    """The messages that went to the account, the newest first."""
    return TextSent.objects.filter(user_id=account_id).order_by("-sent_at", "-pk")


def said_stop(row: TextNumber | None) -> bool:
    """Whether somebody answered STOP from a proved number: nothing but codes goes there."""
    return bool(row and row.proved_at and bulkgate.takes_none(row.number))


def is_open(now: datetime) -> bool:
    """Whether text messages can leave."""
    return gates.why_shut(bulkgate.KEY, now) is None
