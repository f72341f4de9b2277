"""Objecting to an announced change of subprocessors, a request like any other (PC-90), and taking a kept file of a signature (PC-94)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from adapters.models import Proof
from adapters.scell.queries import proof_of
from adapters.scell.work import opened
from audit.actions import record_access
from audit.actors import Actor
from gdpr_requests.desk.filing import file_request
from gdpr_requests.models import Channel, Request
from lifecycle.changes import register
from privacy.deadlines import Right
from privacy.purposes import Purpose
from privacy.refusals import Refusal, Refused
from subprocessors.queries import Coming, coming

_OVER = Refusal("over", _("No announced change can be objected to now. Nothing was sent."))
_CHANGED = Refusal(
    "changed", _("Another change stands here since you opened the page. Nothing was sent: read it below.")
)


@transaction.atomic
def object_to(*, account_id: UUID, asked: int, text: str, by: Actor, now: datetime) -> Request:
    """Object to the change that stood on the page. Raises ``privacy.refusals.Refused``; a second one while the first is open too."""
    account, found = _standing(account_id, asked, now)
    register.record_seen(account, found, by=by, now=now)
    return file_request(
        right=Right.SUBPROCESSORS, by=by, now=now, channel=Channel.CENTRE, account_id=account_id, text=text
    )


@transaction.atomic
def see(*, account_id: UUID, asked: int, by: Actor, now: datetime) -> None:
    """Take down that a practitioner has seen the change; once. Raises ``privacy.refusals.Refused``."""
    account, found = _standing(account_id, asked, now)
    register.record_seen(account, found, by=by, now=now)


@transaction.atomic
def take_file(*, account_id: UUID, proof_id: int, by: Actor, now: datetime) -> tuple[Proof, bytes]:
    """A kept file of a signature, and the line that says who took it.

    Raises Proof.DoesNotExist for another account's, ``adapters.scell.work.Altered`` and ``vault.errors.SealBroken``.
    """
    proof = proof_of(account_id, proof_id)
    content = opened(proof)
    record_access(
        by=by, subject_id=account_id, part="signature_file", purpose=Purpose.LEGAL, action="download", now=now
    )
    return proof, content


def _standing(account_id: UUID, asked: int, now: datetime) -> tuple[User, Coming]:
    account, found = User.objects.select_for_update().get(pk=account_id), coming(now)
    if found is None:
        raise Refused(_OVER)
    if found.version.number != asked:
        raise Refused(_CHANGED)
    return account, found
