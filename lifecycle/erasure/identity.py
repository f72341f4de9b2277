"""Who the contracting party of a closed account was: sealed, archived, and gone three years after the contract (PC-36, PC-40)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import PractitionerProfile, User
from audit.actions import record_event
from audit.actors import Actor
from lifecycle.erasure import rows
from lifecycle.models import ClosedAccount
from privacy.clocks import Jurisdiction, legal_day
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.retention import RULES
from vault import access

KEPT = ("surname", "given_names", "rpps", "adeli", "address_line", "postal_code", "city", "country")
"""What a claim about the contract needs, and no more."""

SHORTEST = 4
"""A shorter word finds other people too, so the residue scan takes none."""


def archive_identity(user: User, *, ended_on: date | None, by: Actor, now: datetime) -> ClosedAccount:
    """Seal who the holder was, under a new key that nothing in daily work opens. Call under the account's lock.

    ``ended_on``: the day the contract ended, where that isn't today (a replay after a restore). The key is committed
    before the row: without it, it opens nothing and does no harm.
    """
    profile = PractitionerProfile.objects.filter(pk=user.pk).first()
    where = Jurisdiction(profile.jurisdiction) if profile else Jurisdiction.FR
    kept = {name: getattr(profile, name) or "" for name in KEPT} if profile else {}
    closed = ClosedAccount(
        id=new_id(), account_id=user.pk, closed_at=now, keep_until=last_day(ended_on or legal_day(now, where)),
        jurisdiction=where,
    )  # fmt: skip
    handle = access.new_file(file_id=closed.pk, by=by, practice_id=None, purpose=Purpose.LEGAL, now=now)
    handle.write(closed, identity={**kept, "email": user.email, "language": user.language}, sought=sought(user))
    closed.save(force_insert=True)
    record_event(
        by=by, verb="lifecycle.account.archived", object_type="lifecycle.ClosedAccount", object_id=closed.pk,
        subject_id=user.pk, now=now,
    )  # fmt: skip
    return closed


def last_day(contract_ended_on: date) -> date:
    """The last day the identity is kept: three years after the contract (PC-40)."""
    length = RULES["PC-40"].length
    if length is None:
        raise ValueError("PC-40 has a length")
    return length.after(contract_ended_on)


def sought(user: User) -> list[str]:
    """The words by which a copy of the person would be found; none that another account's holder shares."""
    words = set(rows.addresses(user.pk))
    profile = PractitionerProfile.objects.filter(pk=user.pk).first()
    if profile:
        words |= {word for word in (profile.rpps, profile.adeli, profile.phone) if word}
        if not _has_namesake(profile):
            words |= {f"{profile.given_names} {profile.surname}", f"{profile.surname} {profile.given_names}"}
    return sorted(word for word in words if len(word) >= SHORTEST)


def _has_namesake(profile: PractitionerProfile) -> bool:
    """Whether another practitioner bears the same name; names are sealed at rest, so all are read, once per erasure."""
    others = PractitionerProfile.objects.exclude(pk=profile.pk).values_list("surname", "given_names")
    own = (profile.surname.casefold(), profile.given_names.casefold())
    return any((surname.casefold(), given.casefold()) == own for surname, given in others.iterator())


@transaction.atomic
def opened(account_id: UUID, *, by: Actor, now: datetime) -> dict[str, Any] | None:
    """Identity and sought words of a closed account, from the archive; None once they are gone. Journaled."""
    closed = ClosedAccount.objects.filter(account_id=account_id).first()
    if closed is None:
        return None
    handle = access.open(
        closed.pk, by=by, purpose=Purpose.LEGAL, part="closed_account", practice_id=None, now=now, from_archive=True
    )
    return handle.reveal(closed)
