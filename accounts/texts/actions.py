"""Every write about the number: asked, proved, taken away. Each is in the security journal; the number never is."""

import hmac
from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts import hooks, mails
from accounts.devices import CODE_DIGITS
from accounts.digits import random_digits
from accounts.models import User
from accounts.texts import queries, rules, sending
from accounts.texts.models import TextNumber
from adapters import bulkgate
from audit.actions import record_security
from audit.actors import Actor
from privacy.refusals import Refused, require


@transaction.atomic
def ask(*, user: User, number: str, by: Actor, now: datetime) -> None:
    """Send a code to a number, which takes the place of the one before; it counts from its proof on. Raises Refused."""
    User.objects.select_for_update().get(pk=user.pk)
    row = queries.number_of(user.pk)
    require(rules.why_not_send(row, sent=queries.codes_sent(user.pk, now), open_way=queries.is_open(now), now=now))
    code = random_digits(CODE_DIGITS)
    TextNumber.objects.update_or_create(
        user=user,
        defaults={
            "number": number, "asked_at": now, "code_mac": _mac(user, number, code), "valid_until": now + rules.CODE_LIFE,
            "wrong_codes": 0, "proved_at": None,
        },
    )  # fmt: skip
    sending.proof_code(user=user, code=code, valid_until=now + rules.CODE_LIFE, now=now)
    record_security(by=by, kind="texts.code_sent", account_id=user.pk, now=now)


@transaction.atomic
def _weigh(user: User, code: str, by: Actor, now: datetime) -> bool:
    row = TextNumber.objects.select_for_update().filter(user=user).first()
    require(rules.why_not_weigh(row, now))
    assert row is not None  # noqa: S101 - the rule said so
    right = hmac.compare_digest(bytes(row.code_mac), _mac(user, row.number, code))
    if right:
        row.code_mac, row.valid_until, row.proved_at = b"", None, now
    else:
        row.wrong_codes += 1
    row.save()
    record_security(
        by=by, kind="texts.proved" if right else "texts.wrong_code", account_id=user.pk, outcome="ok" if right else "refused",
        now=now,
    )  # fmt: skip
    if right:
        _tell_of_it(user, by, now)
    return right


def _tell_of_it(user: User, by: Actor, now: datetime) -> None:
    """A code to sign in can go to this number from here on, so it counts as a factor that was added: also for the takeover shield."""
    mails.number_proved(user=user)
    for changed in hooks.on_credentials_changed:
        changed(account_id=user.pk, by=by, now=now)


def prove(*, user: User, code: str, by: Actor, now: datetime) -> None:
    """Take the number when the code is right; a wrong one is counted. Raises Refused."""
    if not _weigh(user, code, by, now):
        raise Refused(rules.WRONG)


@transaction.atomic
def remove(*, user: User, by: Actor, now: datetime) -> None:
    """Forget the number; what waits for it is dropped when its turn comes."""
    if TextNumber.objects.filter(user=user).delete()[0]:
        record_security(by=by, kind="texts.removed", account_id=user.pk, now=now)


@transaction.atomic
def take_again(*, user: User, by: Actor, now: datetime) -> None:
    """Have a proved number take all messages again after somebody answered STOP from it. Raises Refused."""
    row = TextNumber.objects.select_for_update().filter(user=user).first()
    if row is None or row.proved_at is None:
        raise Refused(rules.UNPROVED)
    for forgive in bulkgate.forgiving:
        forgive(number=row.number, by=by, now=now)
    record_security(by=by, kind="texts.taken_again", account_id=user.pk, now=now)


def _mac(user: User, number: str, code: str) -> bytes:
    return salted_hmac("accounts.text_number", f"{user.pk}|{number}|{code}", algorithm="sha256").digest()
