"""A text message is a row of the outbox like an e-mail: written with its act, sent by a worker to the number of that moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import hooks, mails
from accounts.models import DeliveredCodeDevice, User
from accounts.texts import queries
from accounts.texts.models import TextNumber, TextSent
from accounts.texts.queries import CODE, KIND, LOGIN
from accounts.texts.rules import waking
from adapters import bulkgate, outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.content import Code, Plain, Value, packed, unpacked
from adapters.grounds import Ground
from privacy.declare import Category
from privacy.refusals import Refusal, Refused

NECESSITY: Final = "deletion_notice"
GONE: Final = Refusal("no_number", _("The number was taken away."))
OVER: Final = Refusal("code_over", _("The code was used, replaced by a newer one, or its minutes are over."))
CODES: Final = frozenset({CODE, LOGIN})
"""Those that carry a code that somebody asked for; the others tell of a deletion."""
FOLDER: Final = "accounts/texts"


def enqueue(
    user: User, kind: str, values: Mapping[str, Value], *, now: datetime, by_day: bool = False, occasion: str = "",
    about: Sequence[str] = (), dedupe: str = "", to: str = "",
) -> None:  # fmt: skip
    """Have ``accounts/texts/<kind>.txt`` sent to the account's number. ``by_day``: not before eight and not after eight at night.

    ``to`` is for the last word to an account that goes with this transaction: nobody is left to ask.
    """
    payload = {
        "kind": kind, "values": packed(values), "language": user.language, "occasion": occasion, "about": list(about), "to": to,
        "of": str(user.pk),
    }  # fmt: skip
    ground = GroundRef.necessary("login_code" if kind in CODES else NECESSITY, subject_id=None if to else user.pk)
    due = waking(now) if by_day else now
    outbox.enqueue(kind=KIND, payload=payload, ground=ground, now=now, due_at=due, dedupe=dedupe)


def tell(
    user: User, kind: str, values: Mapping[str, Value], *, now: datetime, by_day: bool = False, occasion: str = "",
    about: Sequence[str] = (), dedupe: str = "",
) -> None:  # fmt: skip
    """The same for somebody who proved a number; nothing for the others."""
    row = queries.number_of(user.pk)
    if row and row.proved_at:
        enqueue(user, kind, values, now=now, by_day=by_day, occasion=occasion, about=about, dedupe=dedupe)


def say_goodbye(user: User, now: datetime) -> None:
    """The last word to a proved number, in the transaction that erases the account: the row alone holds the number, sealed, until it left.

    By day: sweeps execute at whatever hour the request was made, and this is nothing to wake anybody for.
    """
    row = queries.number_of(user.pk)
    if row and row.proved_at:
        enqueue(user, "deletion_end", {}, now=now, by_day=True, to=row.number)


def login_code(*, user: User, code: str, valid_until: datetime, now: datetime) -> None:
    """The six-digit code of one sign-in (MD-50), at once whatever the hour."""
    about = [str(user.pk), valid_until.isoformat()]
    enqueue(user, LOGIN, {"code": Code(code)}, now=now, occasion=SIGN_IN.name, about=about)


def _still_opens(about: Sequence[str], now: datetime) -> None:
    """Raises ``Refused`` once a code opens nothing any more: it comes in time or not at all."""
    account_id, until = about
    waiting = DeliveredCodeDevice.objects.filter(user_id=account_id, valid_until=until, valid_until__gt=now)
    if not waiting.filter(channel=DeliveredCodeDevice.Channel.PHONE).exists():
        raise Refused(OVER)


def proof_code(*, user: User, code: str, valid_until: datetime, now: datetime) -> None:
    """The six-digit code that proves a number."""
    about = [str(user.pk), valid_until.isoformat()]
    enqueue(user, CODE, {"code": Code(code)}, now=now, occasion=PROOF.name, about=about)


def _still_proves(about: Sequence[str], now: datetime) -> None:
    """Raises ``Refused`` once another number or a newer code took its place: a code goes to the number it was made for, in time."""
    account_id, until = about
    if not TextNumber.objects.filter(pk=UUID(account_id), valid_until=until, valid_until__gt=now).exists():
        raise Refused(OVER)


PROOF: Final = mails.keep_book(mails.Occasion("accounts.number_text", None, _still_proves))
SIGN_IN: Final = mails.keep_book(mails.Occasion("accounts.login_text", None, _still_opens))


@outbox.handles(KIND)
def deliver(row: Outgoing, ground: Ground, now: datetime) -> None:
    """One message. Raises ``Refused`` where its number or its occasion is gone, else as the door does."""
    said = row.content
    mails.must_be_true(said["occasion"], said["about"], now)
    if said["kind"] not in CODES and hooks.is_silent(UUID(said["of"])):
        raise Refused(mails.DIED)
    number = said["to"] or _number(row.subject_id, said["kind"])
    code = {Category.CREDENTIAL} if said["kind"] in CODES else set[Category]()
    words = Plain.from_template(f"{FOLDER}/{said['kind']}.txt", unpacked(said["values"]), language=said["language"])
    text = bulkgate.Text(number, words, str(row.pk), frozenset({Category.CONTACT, *code}))
    sent = bulkgate.send_text(text, outgoing_id=row.pk, ground=ground, now=now)
    if row.subject_id:
        TextSent.objects.get_or_create(
            outgoing_id=row.pk,
            defaults={
                "user_id": row.subject_id, "kind": said["kind"], "sent_at": now, "message_id": sent.message_id,
                "segments": sent.segments,
            },
        )  # fmt: skip


def _number(account_id: UUID | None, kind: str) -> str:
    """The number of the moment; a message other than the code goes to a proved one alone. Raises Refused."""
    row = TextNumber.objects.filter(pk=account_id, user__is_active=True).first()
    if row is None or (kind != CODE and row.proved_at is None):
        raise Refused(GONE)
    return row.number


def reported(message_id: str, *, delivered: bool, now: datetime) -> bool:
    """Note what became of a message; what arrived stays arrived, in whatever order reports come. False for one that isn't ours."""
    state = TextSent.State.DELIVERED if delivered else TextSent.State.LOST
    earlier = TextSent.objects.filter(message_id=message_id).exclude(state=TextSent.State.DELIVERED)
    return bool(earlier.update(state=state, state_at=now))
