"""Every message accounts sends: one function each, and the one way in which any e-mail of the house leaves (docs/messages.md).

A message is a row of the outbox, written in the transaction of the act: what is said lies there sealed, as the name of a
template and its values. A worker fills it in and sends it, to the address that the account has at that moment.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import hooks, queries
from accounts.models import User
from adapters import journal, mail, outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.content import Code, Link, Plain, Value, packed, unpacked
from adapters.grounds import Ground
from privacy.refusals import Refusal, Refused

KIND: Final = "accounts.mail"
ORDERED_BY_LAW: Final = (
    "gdpr/",
    "lifecycle/email/breach",
    "lifecycle/email/policy_change",
    "records/email/restriction_lifting",
    "records/email/order",
)
"""Beginnings of the templates that answer a right, tell of a breach, a change of policy or an authority's order."""
CLOSED: Final = Refusal("account_closed", _("The account is closed."))
DIED: Final = Refusal("holder_died", _("The holder of the account died."))
ANEW_AFTER: Final = timedelta(days=1)
"""How long a message that never left counts as asked for: what still has to be said is asked for again then."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message belongs to, for whoever keeps book: ``about`` names one, in words that JSON can hold.

    ``told`` is called once the mail server took it, perhaps twice; ``still`` before, and raises ``Refused`` when it isn't true any more.
    A text message has its own book (``accounts.TextSent``), so for one ``told`` may be None.
    ``values`` are what the letter says of the moment it leaves, a day that runs from then: they take the place of those it was asked for with.
    """

    name: str
    told: Callable[[Sequence[str], datetime], None] | None
    still: Callable[[Sequence[str], datetime], None] | None = None
    values: Callable[[Sequence[str], datetime], Mapping[str, Value]] | None = None


_occasions: dict[str, Occasion] = {}


def keep_book(occasion: Occasion) -> Occasion:
    """Register an occasion, when the app starts. Raises ValueError for a second one of the name."""
    if _occasions.setdefault(occasion.name, occasion) != occasion:
        raise ValueError(f"two occasions are called {occasion.name!r}")
    return occasion


def from_template(
    prefix: str, to: User | str, values: Mapping[str, Value], *, language: str,
    occasion: str = "", about: Sequence[str] = (), dedupe: str = "", now: datetime | None = None,
) -> None:  # fmt: skip
    """Have ``<prefix>_subject.txt`` and ``<prefix>_message.txt`` sent in ``language`` once the caller's transaction commits.

    To an account's holder, at the address of the moment it leaves, or to an address. Each value says what it is (a ``Name``, a
    ``Link``); ``occasion`` is the name of one that was registered, ``now`` the moment of the act where it isn't the clock's (a sweep
    that looks ahead sends at once all the same). Raises TypeError for text and anything else that could hold
    health content, LookupError for an unknown occasion, RuntimeError outside of a transaction. ``dedupe``: once,
    unless the first never left (:func:`asked`).
    """
    _known(occasion)
    account = to if isinstance(to, User) else queries.account_by_email(to)
    payload = {
        "template": prefix, "language": language, "values": packed(values), "to": "" if isinstance(to, User) else to,
        "occasion": occasion, "about": list(about),
    }  # fmt: skip
    ground = GroundRef.necessary(ground_of(prefix), subject_id=account.pk if account else None)
    clock = journal.database_clock()
    outbox.enqueue(kind=KIND, payload=payload, ground=ground, now=min(now or clock, clock), dedupe=dedupe, anew=True)


def asked(now: datetime, kind: str = KIND) -> QuerySet[Outgoing]:
    """The messages that a sweep needn't ask for again: on their way, gone, refused for good, or given up by the office.

    Not those that no attempt got out, nor those to an account that was closed then: a day later they are asked for anew.
    """
    never_left = outbox.WORN_OUT | Q(state="dropped", problem__in=[CLOSED.code, DIED.code])
    return Outgoing.objects.filter(~(never_left & Q(ended_at__lte=now - ANEW_AFTER)), kind=kind)


@outbox.handles(KIND)
def deliver(row: Outgoing, ground: Ground, now: datetime) -> None:
    """One message. Raises ``Refused`` where nobody may be written to any more, else as :func:`adapters.mail.post`."""
    said = row.content
    occasion, about = _known(said["occasion"]), said["about"]
    address = _address(row, said["to"])
    must_be_true(said["occasion"], about, now)
    values = {**unpacked(said["values"]), **(occasion.values(about, now) if occasion and occasion.values else {})}
    subject, text = (
        Plain.from_template(f"{said['template']}_{part}.txt", values, language=said["language"])
        for part in ("subject", "message")
    )
    mail.post(mail.Words(address, subject, text), row=row, ground=ground, now=now)
    if occasion and occasion.told:
        occasion.told(about, now)


def must_be_true(occasion: str, about: Sequence[str], now: datetime) -> None:
    """Raises ``Refused`` when the occasion of a message isn't one any more. LookupError for an unknown one."""
    found = _known(occasion)
    if found and found.still:
        found.still(about, now)


def _known(occasion: str) -> Occasion | None:
    return _occasions[occasion] if occasion else None


def _address(row: Outgoing, given: str) -> str:
    """Where it goes. Raises ``Refused``: nobody writes to a closed account, nor to the dead; whoever types a password lives."""
    if row.subject_id is None:
        return given
    user = User.objects.filter(pk=row.subject_id, is_active=True).first()
    if user is None:
        raise Refused(CLOSED)
    if row.necessity != "login_code" and hooks.is_silent(user.pk):
        raise Refused(DIED)
    return given or user.email


def ground_of(prefix: str) -> str:
    """The legal basis of a message, by its template (adapters.grounds.NECESSITIES)."""
    if prefix.endswith("login_code"):
        return "login_code"
    return "legal_notice" if prefix.startswith(ORDERED_BY_LAW) else "account_message"


def _to(user: User, name: str, values: Mapping[str, Value]) -> None:
    from_template(f"account/email/{name}", user, values, language=user.language)


def login_code(*, user: User, code: str, valid_until: datetime | None) -> None:
    """The six-digit code of one sign-in (MD-50)."""
    _to(user, "login_code", {"code": Code(code), "valid_until": valid_until})


def number_proved(*, user: User) -> None:
    """A number was proved, and codes to sign in can go there: whoever didn't do that has to know."""
    _to(user, "number_proved", {"lost_url": Link.to("accounts:lost")})


def wrong_codes(*, user: User) -> None:
    """Somebody who knows the password types wrong codes."""
    _to(user, "wrong_codes", {"password_url": Link.to("account_reset_password")})
