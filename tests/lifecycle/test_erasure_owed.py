"""What an account's erasure still owes others may leave before, while and after it is verified; the certificate comes all the same."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts import hooks
from accounts.models import User
from adapters import outbox
from adapters.models import Incoming, Outgoing
from adapters.states import Event
from audit.actors import Actor
from lifecycle.erasure import mails as certificates
from lifecycle.erasure import rows
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.finishing import finish
from lifecycle.erasure.plan import plan_for_account
from lifecycle.erasure.promises import deletions_are_final
from lifecycle.models import ErasureCertificate
from tests.accounts.factories import make_practitioner
from tests.lifecycle.erasure_world import OPENED

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.operations("test")
HOUR = timedelta(hours=1)


def sent(user: User, kind: str, necessity: str, at: object) -> Outgoing:
    return Outgoing.objects.create(
        kind=kind, ground="necessity", necessity=necessity, subject_id=user.pk, state="done", queued_at=OPENED, due_at=OPENED,
        ended_at=at,
    )  # fmt: skip


def heard(user: User, event: str, at: object) -> Incoming:
    return Incoming.objects.create(
        subprocessor="viva", event_id=event, kind="1796", subject_id=user.pk, state="done", received_at=OPENED, raw_until=OPENED,
        due_at=OPENED, ended_at=at,
    )  # fmt: skip


def test_what_was_owed_and_left_before_the_check_stops_no_certificate() -> None:
    user = make_practitioner(now=OPENED)
    now = OPENED + 24 * HOUR
    for at in (now - HOUR, now + HOUR):
        sent(user, "google.revoke", "end_of_use", at)
        sent(user, "viva.refund", "subscription_payment", at)
        sent(user, "viva.read", "subscription_payment", now - HOUR)
        heard(user, f"e{at:%H}", at)
    decided = decide_account(user.pk, approved=plan_for_account(user.pk, now).sha256, by=BY, now=now)
    finish(decided.erasure_id, by=BY, now=now + 2 * HOUR)
    assert ErasureCertificate.objects.filter(erasure_id=decided.erasure_id).count() == 1
    left = Outgoing.objects.filter(subject_id=user.pk).order_by("kind").values_list("kind", "ended_at")
    assert list(left) == [("google.revoke", now + HOUR), ("viva.refund", now + HOUR)]
    assert [one.ended_at for one in Incoming.objects.filter(subject_id=user.pk)] == [now + HOUR]
    assert rows.outgoing(user.pk).count() + rows.incoming(user.pk).count() == 0
    assert deletions_are_final(now + 3 * HOUR).kept


def test_what_nobody_was_owed_and_left_after_the_decision_is_residue() -> None:
    user = make_practitioner(now=OPENED)
    now = OPENED + 24 * HOUR
    decide_account(user.pk, approved=plan_for_account(user.pk, now).sha256, by=BY, now=now)
    sent(user, "accounts.mail", "account_message", now + HOUR)
    assert rows.outgoing(user.pk).count() == 1


def test_certificate_of_somebody_who_died_meanwhile_is_sent_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their mailbox is somebody else's now; the control is that it waited to leave."""
    user = make_practitioner(now=OPENED)
    decided = decide_account(user.pk, approved=plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    finish(decided.erasure_id, by=BY, now=OPENED)
    waiting = Outgoing.objects.get(kind=certificates.KIND)
    monkeypatch.setattr(hooks, "silences", [lambda account_id: account_id == user.pk])
    outcome = outbox.attempt(waiting, now=OPENED)
    assert (outcome.event, outcome.problem, mail_left()) == (Event.REFUSE, "holder_died", [])
    assert ErasureCertificate.objects.get().sent_at == OPENED


def mail_left() -> list[str]:
    return [one.to[0] for one in list.__iter__(mail.outbox)]
