"""A patient's account closes with the withdrawal of their consents; what the practices keep is said before (MD-12)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.actors import Actor
from care.models import Capacity, PortalLink, PortalPart
from care.queries import links_of
from consents.actions import Control
from consents.patients import decide_by_link, wishes
from lifecycle.deletion import actions
from lifecycle.deletion.rules import Standing
from privacy.retention_rules import Rule
from privacy.schedule import in_force
from records.models import PatientFile

CLOSE: Final = gettext_lazy("Withdraw everything, and close my account")
CLOSING: Final = "closing"
"""How the ledger names the control that withdraws a consent together with the account."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """The patient's file that a practice keeps whatever becomes of the account, and the rules that say until when."""

    link: PortalLink
    file: PatientFile
    rules: tuple[Rule, ...]


def kept_files(account_id: UUID, now: datetime) -> list[KeptFile]:
    """The patient's own files at the practices, in the order of their links. Inside a scope of those practices."""
    links, law = list(_own_links(account_id, now)), in_force().rules
    files = PatientFile.objects.in_bulk([link.patient_id for link in links])
    return [
        KeptFile(link, file, tuple(law[rule] for rule in file.retention_rule.split(",")))
        for link in links
        if (file := files.get(link.patient_id)) is not None
    ]


@transaction.atomic
def close_account(*, user: User, plan_sha256: str, by: Actor, language: str, now: datetime) -> Standing:
    """Ask for the closing as the plan says that was read, and take back every consent of the patient with it: all or nothing.

    From here on it is a deletion like any other: it waits, it can be withdrawn, it is carried out (PC-34). The consents stay
    off when it is withdrawn, until they are given anew. Raises :class:`privacy.refusals.Refused` and ``PlanChanged``.
    """
    standing = actions.request_deletion(user=user, plan_sha256=plan_sha256, by=by, now=now)
    control = Control(CLOSING, "none", str(CLOSE))
    for link in _own_links(user.pk, now).filter(scope__contains=[PortalPart.PRIVACY.value]):
        for key, wish in wishes([link.patient_id], now)[link.patient_id].items():
            if wish.state.on:
                decide_by_link(link=link, key=key, on=False, by=by, language=language, now=now, control=control)
    return standing


def _own_links(account_id: UUID, now: datetime) -> QuerySet[PortalLink]:
    return links_of(account_id, now).filter(capacity=Capacity.SELF)
