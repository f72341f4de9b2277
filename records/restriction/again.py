"""Restrictions that a restored database has lost, begun and lifted again as the rights journal tells (NEW-08)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from audit.actors import NAMELESS_ROLES, Actor
from privacy.purposes import Purpose
from records.models import Restriction
from records.reading import Part
from vault import access
from vault.errors import NoKey
from vault.handles import Handle

Facts = Mapping[str, Any]
"""A row of records_restriction without what is sealed, as it stood after the act."""


def begin(facts: Facts) -> None:
    """Restrict the file as it was restricted. Call in a transaction, in the file's scope; the keys are settled afterwards."""
    by = _author(facts, "since")
    Restriction(
        id=UUID(facts["id"]), practice_id=UUID(facts["practice_id"]), file_id=UUID(facts["file_id"]), ground=facts["ground"],
        request_id=facts["request_id"], since_at=_moment(facts, "since_at"), since_by_id=by.account_id, since_role=by.role,
    ).save(force_insert=True)  # fmt: skip


def lift(facts: Facts) -> None:
    """Lift it as it was lifted, after the person was told as they were; nothing when the restriction isn't there."""
    row = Restriction.objects.select_for_update(of=("self",)).filter(pk=UUID(facts["id"]), lifted_at=None).first()
    if row is None:
        return
    by, now = _author(facts, "lifted"), _moment(facts, "lifted_at")
    row.told_at, row.told_how = _moment(facts, "told_at"), facts["told_how"]
    row.told_by_id = _author(facts, "told").account_id
    row.save(update_fields=["told_at", "told_how", "told_by"])
    _key(row, by, now).write(
        row, lifted_why=_("Put back after a restore of the database; the reason that was written is lost.")
    )
    row.lifted_at, row.lifted_by_id, row.lifted_role = now, by.account_id, by.role
    row.save(update_fields=["lifted_at", "lifted_by", "lifted_role", "lifted_why"])


def _key(row: Restriction, by: Actor, now: datetime) -> Handle:
    """Its own key, made anew when the keys database lost it."""
    try:
        return access.open(
            row.pk, by=by, purpose=Purpose.LEGAL, part=Part.RESTRICTION.value, practice_id=row.practice_id, now=now,
            action="change",
        )  # fmt: skip
    except NoKey:
        return access.new_file(file_id=row.pk, by=by, practice_id=row.practice_id, purpose=Purpose.LEGAL, now=now)


def _author(facts: Facts, act: str) -> Actor:
    """Who did it then; where this database doesn't know the account, whoever replays the journal at the command line (MD-31)."""
    account, role = facts[f"{act}_by_id"], facts.get(f"{act}_role", "")
    if account is None and role in NAMELESS_ROLES:
        return Actor(account_id=None, role=role, channel="command")
    if account and User.objects.filter(pk=account).exists():
        return Actor(account_id=UUID(account), role=role, channel="command")
    return Actor.operations("rights")


def _moment(facts: Facts, name: str) -> datetime:
    found = parse_datetime(facts[name])
    if found is None:
        raise ValueError(f"{name} of restriction {facts['id']} in the rights journal is no moment: {facts[name]!r}")
    return found
