"""Every write about accounts. Called by pages and by commands alike."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import hooks, mails
from accounts.credentials.queries import is_locked
from accounts.devices import CODE_LIFE
from accounts.models import DeliveredCodeDevice, PractitionerProfile, User
from accounts.texts import sending as texting
from audit.actions import record_event, record_security
from audit.actors import Actor

Channel = DeliveredCodeDevice.Channel
WRONG_CODES_BEFORE_WARNING = 4

PROFILE_FIELDS = (
    "surname", "given_names", "rpps", "adeli", "specialty", "qualifications", "phone",
    "address_line", "postal_code", "city", "country", "jurisdiction",
)  # fmt: skip


@transaction.atomic
def sign_up_practitioner(
    *,
    email: str,
    password: str,
    profile: Mapping[str, Any],
    answers: Mapping[str, Any],
    language: str,
    email_verified: bool,
    by: Actor,
    now: datetime,
) -> User:
    """A practitioner's account with its profile, the answers to the sign-up questions and whatever care opens for it.

    All or nothing. `profile` holds the fields of PractitionerProfile, cleaned; `answers` the cleaned values of the registered
    questions. Promises PC-02, MD-04.
    """
    user = User.objects.create_user(email, password, now=now, language=language)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=email_verified)
    practitioner = PractitionerProfile.objects.create(
        user=user, **{name: profile[name] for name in PROFILE_FIELDS if name in profile}
    )
    by = (
        replace(by, account_id=user.pk, role="practitioner") if by.account_id is None and by.role == "anonymous" else by
    )
    record_security(by=by, kind="account.created", account_id=user.pk, now=now)
    for question in hooks.questions_for("practitioner"):
        question.record(user, answers, by, now)
    for callback in hooks.on_practitioner_created:
        callback(user=user, profile=practitioner, by=by, now=now)
    return user


@transaction.atomic
def sign_up_member(*, email: str, password: str, language: str, by: Actor, now: datetime) -> User:
    """The account of somebody invited by a link that was sent to ``email``, which therefore is proved (MD-40, MD-43)."""
    user = User.objects.create_user(email, password, now=now, language=language)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    by = replace(by, account_id=user.pk, role="account") if by.account_id is None else by
    record_security(by=by, kind="account.created", account_id=user.pk, now=now)
    return user


@transaction.atomic
def change_profile(*, user: User, values: Mapping[str, Any], by: Actor, now: datetime) -> list[str]:
    """Change the profile; returns the names of the fields that changed (and journals them, never their values)."""
    profile = PractitionerProfile.objects.select_for_update().get(user=user)
    changed = [name for name in PROFILE_FIELDS if name in values and getattr(profile, name) != values[name]]
    if changed:
        for name in changed:
            setattr(profile, name, values[name])
        profile.save(update_fields=changed)
        detail: dict[str, str | int] = {"fields": ",".join(changed)}
        record_event(
            by=by,
            verb="accounts.profile.changed",
            object_type="accounts.PractitionerProfile",
            object_id=user.pk,
            subject_id=user.pk,
            detail=detail,
            now=now,
        )
    return changed


def choose_language(*, user: User, language: str) -> None:
    """Remember the language of the pages and mails of this account."""
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language


@transaction.atomic
def send_code(
    *, user: User, attempt: str, by: Actor, now: datetime, channel: Channel = Channel.EMAIL
) -> datetime | None:
    """Send a six-digit code for one login attempt. Returns None when sent, or the moment from which one may be sent again.

    To the phone only where :func:`accounts.texts.queries.number_for_codes` knows a number; whoever calls has asked it.
    """
    device = _delivered_code(user)
    allowed, why = device.generate_is_allowed()
    if not allowed and not _turns_to_phone(device, attempt, channel):
        moment: datetime = why["next_generation_at"]
        return moment
    code = device.issue(attempt, now, channel)
    device.save()
    record_security(by=by, kind="factor.code_sent", account_id=user.pk, detail={"channel": channel.value}, now=now)
    if channel is Channel.PHONE:
        texting.login_code(user=user, code=code, valid_until=now + CODE_LIFE, now=now)
    else:
        mails.login_code(user=user, code=code, valid_until=device.valid_until)
    return None


def _turns_to_phone(device: DeliveredCodeDevice, attempt: str, channel: Channel) -> bool:
    """Whether a sign-in whose code went by mail asks for it by phone: that needn't wait, and can't be repeated without waiting."""
    return channel is Channel.PHONE and device.channel == Channel.EMAIL and device.attempt == attempt


@transaction.atomic
def check_code(*, user: User, attempt: str, code: str, by: Actor, now: datetime) -> DeliveredCodeDevice | None:
    """Weigh a code typed for `attempt` under the row's lock: the device when it is right, None when it isn't or may not be
    weighed yet (back-off). A right code is spent.
    """
    device = _delivered_code(user)
    allowed, _why = device.verify_is_allowed()
    right = allowed and device.accepts(attempt, code, now)
    if right:
        device.spend(now)
        device.save()
    elif allowed:
        device.throttle_increment()
        warn_of_guesses(user=user, failures=device.throttling_failure_count)
    kind = "factor.used" if right else "factor.failed" if allowed else "factor.not_weighed"
    record_security(
        by=by,
        kind=kind,
        account_id=user.pk,
        outcome="ok" if right else "refused",
        detail={"factor": f"{device.channel}_code"},
        now=now,
    )
    return device if right else None


def warn_of_guesses(*, user: User, failures: int) -> None:
    """After the fourth wrong code in a row, tell the owner once: whoever types codes knows the password."""
    if failures == WRONG_CODES_BEFORE_WARNING:
        with transaction.atomic():
            mails.wrong_codes(user=user)


@transaction.atomic
def reissue_code(*, user: User, by: Actor, now: datetime) -> str | None:
    """A new code for the login that waits for one, handed to operations of a demo instead of the mailbox; None when none waits."""
    device = _delivered_code(user)
    if not device.attempt:
        return None
    code = device.issue(device.attempt, now)
    device.save()
    record_security(by=by, kind="factor.code_sent", account_id=user.pk, detail={"channel": "operations"}, now=now)
    return code


def accept_verified_mailbox(*, user: User, by: Actor, now: datetime) -> DeliveredCodeDevice:
    """The six-digit code that verified the address in this very login proves the same mailbox: no second mail."""
    device = _delivered_code(user)
    device.channel = Channel.EMAIL
    device.save(update_fields=["channel"])
    record_security(by=by, kind="factor.used", account_id=user.pk, detail={"factor": "email_code"}, now=now)
    return device


def _delivered_code(user: User) -> DeliveredCodeDevice:
    """The account's code device, locked when in a transaction; made at its first use."""
    DeliveredCodeDevice.objects.get_or_create(user=user, defaults={"name": "e-mail"})
    devices = DeliveredCodeDevice.objects
    locked = devices.select_for_update() if transaction.get_connection().in_atomic_block else devices
    return locked.get(user=user)


class Overtaken(PermissionDenied):
    """Password or account changed while somebody was typing a new one: what they knew of it counts no more."""


@transaction.atomic
def set_password(*, user: User, password: str, now: datetime) -> None:
    """Set a password that was checked before; a forced change is thereby done.

    Raises Overtaken when another was set since ``user`` was read, or the account is locked until new credentials are issued.
    """
    hash_now = User.objects.select_for_update().values_list("password", flat=True).get(pk=user.pk)
    if hash_now != user.password or is_locked(user.pk):
        raise Overtaken("the password was changed or the account cut meanwhile")
    user.set_password(password)
    user.password_changed_at, user.compromised_at, user.renewal_put_off_at = now, None, None
    user.save(update_fields=["password", "password_changed_at", "compromised_at", "renewal_put_off_at"])


@transaction.atomic
def mark_compromised(*, user: User, by: Actor, now: datetime) -> None:
    """The password is known to others: a new one is due at the next sign-in (not skippable). Promise MD-54."""
    user.compromised_at = now
    user.save(update_fields=["compromised_at"])
    record_security(by=by, kind="password.compromised", account_id=user.pk, now=now)
