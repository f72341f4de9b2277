"""Writing, replacing and revoking directives. A version that ended has no text and no key any more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from audit.actions import record_event
from audit.actors import Actor
from consents.actions import Control, decide
from consents.queries import last_entry
from gdpr_requests.directives.queries import own_links
from gdpr_requests.directives.rules import why_not_general, why_not_specific
from gdpr_requests.directives.words import CONSENT
from gdpr_requests.models import Directive
from gdpr_requests.models.directives import DirectiveKind, Ended
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import require
from vault import access, rings

TURN: Final = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"


@transaction.atomic
def write_general(*, account_id: UUID, said: Mapping[str, str], by: Actor, now: datetime) -> Directive:
    """Note where general directives are registered; the version before ends. Raises Refused."""
    require(why_not_general(said))
    return _write(account_id, DirectiveKind.GENERAL, {name: text.strip() for name, text in said.items()}, None, by, now)


@transaction.atomic
def write_specific(
    *,
    account_id: UUID,
    said: Mapping[str, Any],
    agreed: bool,
    language: str,
    shown: str | None = None,
    by: Actor,
    now: datetime,
) -> Directive:
    """Write what is to be done with the account and each file, on an express consent of its own in the ledger.

    ``said`` has ``account``, ``files`` (practice id to choice), ``name``, ``email``, ``address``, ``words``; ``shown`` is the address of the
    wording on the page. A later version renews the consent it rests on. Raises Refused, of consents too.
    """
    practices = {str(link.practice_id) for link in own_links(account_id, now)}
    require(why_not_specific(said, practices, agreed))
    consent_id = _consent(account_id, True, language, shown, by, now)
    return _write(account_id, DirectiveKind.SPECIFIC, dict(said), consent_id, by, now)


@transaction.atomic
def revoke(*, account_id: UUID, kind: str, language: str, by: Actor, now: datetime) -> bool:
    """Revoke directives, at any time and without a reason: the text is destroyed with its key. False when there are none."""
    _alone(account_id)
    row = Directive.objects.filter(account_id=account_id, kind=kind, ended_at=None).first()
    if row is None:
        return False
    if kind == DirectiveKind.SPECIFIC:
        _consent(account_id, False, language, None, by, now)
    end(row, Ended.REVOKED, by, now)
    return True


def _write(
    account_id: UUID, kind: DirectiveKind, said: dict[str, Any], consent_id: UUID | None, by: Actor, now: datetime
) -> Directive:
    _alone(account_id)
    versions = Directive.objects.filter(account_id=account_id, kind=kind)
    for row in versions.filter(ended_at=None):
        end(row, Ended.REPLACED, by, now)
    last = versions.aggregate(last=Max("number"))["last"] or 0
    row = Directive(
        id=new_id(), account_id=account_id, kind=kind, number=last + 1, written_at=now, consent_id=consent_id
    )
    handle = access.new_file(file_id=row.pk, by=by, practice_id=None, purpose=Purpose.LEGAL, now=now)
    handle.write(row, said=said)
    row.save(force_insert=True)
    _journal(row, "written", by, now)
    return row


def end(row: Directive, why: Ended, by: Actor, now: datetime) -> None:
    """End a version in the caller's transaction: its text is emptied now, its key dies after the commit."""
    row.said, row.ended, row.ended_at = None, why, now
    row.save(update_fields=["said", "ended", "ended_at"])
    _journal(row, why.value, by, now)
    transaction.on_commit(lambda: rings.destroy([row.pk], now))


def _consent(account_id: UUID, on: bool, language: str, shown: str | None, by: Actor, now: datetime) -> UUID | None:
    """The entry of the ledger that says so now."""
    control = Control("checkbox" if on else "button", "unchecked" if on else "none")
    decide(
        subject_id=account_id,
        key=CONSENT,
        on=on,
        by=by,
        language=language,
        channel=by.channel,
        now=now,
        text=shown,
        control=control,
    )
    return last_entry(account_id, CONSENT)


def _alone(account_id: UUID) -> None:
    """One at a time on an account's directives."""
    with connection.cursor() as cursor:
        cursor.execute(TURN, [f"directives {account_id}"])


def _journal(row: Directive, what: str, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"gdpr.directive.{what}", object_type=Directive._meta.label, object_id=row.pk,
        subject_id=row.account_id, detail={"kind": str(row.kind), "version": row.number}, now=now,
    )  # fmt: skip
