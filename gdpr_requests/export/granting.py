"""What a granted request for access or portability starts: the export of that file, or of the account (PC-60, PC-64).

It is written in the transaction that decides, so that nothing can be granted and forgotten.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.patients.queries import is_patient
from audit.actors import Actor
from care.queries import practice_of
from care.tenancy import ALL, scope
from gdpr_requests.desk.writing import PART
from gdpr_requests.export import queries
from gdpr_requests.export.actions import journal
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.tasks import build_export
from gdpr_requests.models import Request
from gdpr_requests.models.exports import Export
from privacy.deadlines import Right
from privacy.purposes import Purpose
from privacy.refusals import Refusal, require
from records.models import PatientFile
from records.restriction.queries import is_restricted
from vault import access

RIGHTS: Final = (Right.ACCESS, Right.PORTABILITY)


def start(request: Request, *, by: Actor, now: datetime) -> None:
    """Have the archive made; the person is told by mail when it is ready. Raises :class:`privacy.refusals.Refused`.

    A file's goes to the account that asked, else to the desk, which hands it over. An account's goes to its holder, who
    signs in for it, also when the request came by post. Where neither a file is named nor an account known, the letter is
    the answer.
    """
    if request.file_id is not None:
        require(_why_not_file(request, request.file_id, now))
        _write(request, Scope.FILE, request.account_id, by, now)
    elif request.practice_id is None and (user := _holder(request, by, now)) is not None:
        how_far = scope_of(user, Right(request.right))
        if how_far is not None:
            _write(request, how_far, user.pk, by, now)


def hand_over(request: Request, account_id: UUID, *, by: Actor, now: datetime) -> None:
    """Have the copy made that the dead wanted somebody to have: of one file, for the practice to hand over, or of their account."""
    if request.file_id is not None:
        _write(request, Scope.FILE, None, by, now)
    elif (how_far := scope_of(User.objects.get(pk=account_id), Right.ACCESS)) is not None:
        _write(request, how_far, account_id, by, now)


def _why_not_file(request: Request, file_id: UUID, now: datetime) -> Refusal | None:
    with scope(ALL):
        there = PatientFile.objects.filter(pk=file_id, leaving_at=None).exists()
        shut = is_restricted(file_id)
    if not there:
        return Refusal(
            "file_gone", _("The destruction of this file is decided: there is nothing to hand out any more.")
        )
    if request.account_id is not None and queries.link_of(request.account_id, file_id, now) is None:
        return Refusal(
            "not_linked",
            _(
                "The link of this account to the file has ended, so nobody could fetch the copy. Invite the person again."
            ),
        )
    if request.account_id is None and shut:
        return Refusal(
            "restricted",
            _(
                "This file is restricted: only the patient fetches it, by the portal. Invite them, or read it with a reason."
            ),
        )
    return None


def _holder(request: Request, by: Actor, now: datetime) -> User | None:
    """The account it is about: the one that asked, or that of the address a letter came from. Its holder alone gets it."""
    if request.account_id is not None:
        return User.objects.filter(pk=request.account_id, is_active=True).first()
    handle = access.open(request.pk, by=by, purpose=Purpose.LEGAL, part=PART, practice_id=None, now=now)
    email = (handle.read(request, "contact") or {}).get("email", "")
    return User.objects.filter(email=email.strip().lower(), is_active=True).first() if email else None


def scope_of(user: User, right: Right) -> Scope | None:
    """Which export answers, and so which page it is fetched from; None for an account that has neither page."""
    if hasattr(user, "practitioner") and practice_of(user) is not None:
        return Scope.ACCESS if right is Right.ACCESS else Scope.PORTABILITY
    return Scope.ACCOUNT if is_patient(user.pk) else None


def _write(request: Request, how_far: Scope, account_id: UUID | None, by: Actor, now: datetime) -> None:
    row = Export.objects.create(
        account_id=account_id, request_id=request.pk, file_id=request.file_id, scope=how_far, asked_at=now
    )
    journal(row, "asked", by=by, now=now, scope=how_far.value, request=request.number)
    transaction.on_commit(lambda: build_export.delay(str(row.pk)), robust=True)
