"""Every write about changes of the policy, with its journal line in the same transaction."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from consents import notices
from consents.actions import Control, decide
from lifecycle.changes import queries
from lifecycle.changes.rules import CONTRACT, Answer, Channel, kind_of, why_not_announce, why_not_answer
from lifecycle.models import PolicyAnnouncement
from lifecycle.notifying import record_sent, was_sent
from privacy.clocks import legal_day, start_of
from privacy.refusals import Refusal, Refused

ANNOUNCING = 0x90C1
"""The lock under which one announcement is made at a time."""
_NOTHING = Refusal("nothing", _("No change of the policy waits for you. Nothing was changed."))


@transaction.atomic
def announce(*, number: int, by: Actor, now: datetime) -> PolicyAnnouncement:
    """Have everybody concerned told of a version; the sweep sends. Raises Refused with what to do."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [ANNOUNCING])
    texts = queries.wordings(number)
    known = PolicyAnnouncement.objects.filter(number=number).exists()
    _require(why_not_announce(number, texts, announced=known, today=legal_day(now)))
    row = PolicyAnnouncement.objects.create(
        number=number, effective_on=texts[0].effective_on, material=texts[0].wording.change == notices.MATERIAL,
        at=now, actor_id=by.account_id, actor_role=by.role,
    )  # fmt: skip
    record_event(
        by=by, verb="lifecycle.policy_announced", object_type=row._meta.label, object_id=row.pk,
        detail={"number": number}, now=now,
    )  # fmt: skip
    return row


@transaction.atomic
def answer(*, account_id: UUID, said: Answer, asked: int, language: str, label: str, by: Actor, now: datetime) -> None:
    """Take what somebody says to the change that stands before them; ``label``: the words on the button.

    An acceptance is an entry of the ledger under the version in force, a refusal ends the contract there. Either way, and
    by "seen", the site's notice is on record once. Raises Refused.
    """
    account = User.objects.select_for_update().get(pk=account_id)
    standing = queries.standing_of(account, now)
    if standing is None:
        raise Refused(_NOTHING)
    owes, left = (standing.number if standing.owed else 0), (standing.number if standing.refused else 0)
    _require(why_not_answer(said, asked=asked, number=standing.number, owes=owes, left=left))
    _record_seen(account_id, standing.announcement, by, now)
    if said is not Answer.SEEN:
        decide(
            subject_id=account_id, key=CONTRACT, on=said is Answer.ACCEPT, by=by, language=language,
            channel=by.channel, now=now, control=Control("button", "none", label),
        )  # fmt: skip


def _record_seen(account_id: UUID, one: PolicyAnnouncement, by: Actor, now: datetime) -> None:
    since, kind = start_of(one.effective_on), kind_of(one.number, Channel.SITE)
    if not was_sent(account_id, since, kind):
        record_sent(account_id=account_id, since=since, kind=kind, by=by, now=now)


def _require(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
