"""Every write of a patient's profile."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts import hooks
from accounts.models import PatientProfile, User
from audit.actions import record_event, record_security
from audit.actors import Actor
from privacy.purposes import Purpose
from vault import access
from vault.handles import Handle

FIELDS: Final = (
    "given_names", "surname", "birth_date", "sex", "birth_place", "phone", "address", "payer_number",
)  # fmt: skip
ROLE: Final = "patient"
PART: Final = "patient_account"
"""What the access journal calls the identity in a patient's account."""


@transaction.atomic
def sign_up_patient(
    *,
    email: str,
    password: str,
    profile: Mapping[str, str],
    answers: Mapping[str, Any],
    language: str,
    email_verified: bool,
    by: Actor,
    now: datetime,
) -> User:
    """A patient's account with its sealed profile and the answers to the sign-up questions. All or nothing (MD-02)."""
    user = User.objects.create_user(email, password, now=now, language=language)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=email_verified)
    if by.account_id is None and by.role == "anonymous":
        by = replace(by, account_id=user.pk, role=ROLE)
    record_security(by=by, kind="account.created", account_id=user.pk, now=now)
    for question in hooks.questions_for(ROLE):
        question.record(user, answers, by, now)
    become_patient(user=user, profile=profile, by=by, now=now)
    return user


@transaction.atomic
def become_patient(*, user: User, profile: Mapping[str, str], by: Actor, now: datetime) -> PatientProfile:
    """Give an account its patient's side, with a key of its own; one that has it keeps what it has."""
    User.objects.select_for_update().get(pk=user.pk)
    known = PatientProfile.objects.filter(user=user).first()
    if known:
        return known
    row = PatientProfile(user=user, created_at=now, changed_at=now)
    handle = access.new_file(file_id=user.pk, by=by, practice_id=None, purpose=Purpose.SERVICE, now=now)
    handle.write(row, **_said(profile))
    row.save(force_insert=True)
    _journal(row, "created", sorted(_said(profile)), by, now)
    return row


@transaction.atomic
def change_identity(*, user: User, values: Mapping[str, str], by: Actor, now: datetime) -> list[str]:
    """Change the profile; returns the names of the fields that changed (and journals them, never their values)."""
    row = PatientProfile.objects.select_for_update().get(user=user)
    handle = open_profile(row, by=by, now=now, action="change")
    changed = [name for name in FIELDS if name in values and (handle.read(row, name) or "") != values[name]]
    if changed:
        handle.write(row, **{name: values[name] or None for name in changed})
        row.changed_at = now
        row.save(update_fields=[*changed, "changed_at"])
        _journal(row, "changed", changed, by, now)
    return changed


def open_profile(row: PatientProfile, *, by: Actor, now: datetime, action: str = "open") -> Handle:
    """The way to what the profile says; one line in the access journal."""
    return access.open(row.pk, by=by, purpose=Purpose.SERVICE, part=PART, practice_id=None, now=now, action=action)


@transaction.atomic
def identity_of(user: User, *, by: Actor, now: datetime) -> dict[str, str]:
    """All fields of the profile by name, blanks as empty texts. Raises PatientProfile.DoesNotExist."""
    row = PatientProfile.objects.get(user=user)
    return {name: text or "" for name, text in open_profile(row, by=by, now=now).reveal(row).items()}


def _said(profile: Mapping[str, str]) -> dict[str, str]:
    return {name: profile[name] for name in FIELDS if profile.get(name)}


def _journal(row: PatientProfile, what: str, fields: list[str], by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"accounts.patient.{what}", object_type="accounts.PatientProfile", object_id=row.pk,
        subject_id=row.pk, detail={"fields": ",".join(fields)}, now=now,
    )  # fmt: skip
