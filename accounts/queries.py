"""Reads about accounts: for whom, and when."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django_otp.models import Device

from accounts.devices import DeliveredCodeDevice, HeldFactor
from accounts.models import PractitionerProfile, User
from audit.requests import HouseRequest

OTP = "otp"  # the name of a delivered code among the proofs that allauth notes in the session


def signed_in(request: HouseRequest) -> User:
    """The account behind a request that the gate let through."""
    return cast(User, request.user)


def account_by_email(email: str) -> User | None:
    """The account with this address (letter case doesn't matter)."""
    return User.objects.filter(email=email.lower()).first()


def addresses(accounts: Iterable[UUID]) -> dict[UUID, str]:
    """The e-mail addresses of those accounts that still exist, in one query."""
    return dict(User.objects.filter(pk__in=list(accounts)).values_list("pk", "email"))


def language_of(email: str) -> str:
    """The language in which to write to an address: the account's, else the one of the page."""
    account = account_by_email(email)
    return account.language if account else get_language() or "en"


def profile_of(user: User) -> PractitionerProfile | None:
    """The practitioner's profile, when the account is a practitioner's."""
    return PractitionerProfile.objects.filter(user=user).first()


def rpps_is_taken(rpps: str | None, *, other_than: User | None = None) -> bool:
    """Whether another account bears this RPPS number (one account, one person: MD-57)."""
    return _taken("rpps", rpps, other_than)


def adeli_is_taken(adeli: str | None, *, other_than: User | None = None) -> bool:
    """Whether another account bears this ADELI number."""
    return _taken("adeli", adeli, other_than)


def profile_or_404(user: User) -> PractitionerProfile:
    """The practitioner's profile. Raises Http404 for an account that is no practitioner's."""
    return get_object_or_404(PractitionerProfile, user=user)


def _taken(field: str, number: str | None, other_than: User | None) -> bool:
    if not number:
        return False
    profiles = PractitionerProfile.objects.filter(**{field: number})
    return (profiles.exclude(user=other_than) if other_than else profiles).exists()


def held_factors(user: User) -> QuerySet[HeldFactor]:
    """Apps and passkeys of an account (not its recovery codes)."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return HeldFactor.objects.filter(user=user, confirmed=True, authenticator__type__in=kinds).select_related(
        "authenticator"
    )


def has_held_factor(user: User) -> bool:
    """Whether the account has an app or a passkey."""
    return held_factors(user).exists()


def session_is_verified(user: User | AnonymousUser) -> bool:
    """The verdict of django-otp for this request's session (promise PC-81)."""
    return bool(user.is_authenticated and user.is_verified())


def session_holds_factor(user: User | AnonymousUser) -> bool:
    """Whether this session was proved by an app or a passkey: what staff and the admin site need (PC-81)."""
    device = getattr(user, "otp_device", None)
    return isinstance(device, HeldFactor) and device.held


def factor_name(user: User) -> str:
    """The kind of factor that proved this session: "totp", "webauthn", "recovery_codes", "email_code", "phone_code" or ""."""
    device = getattr(user, "otp_device", None)
    if isinstance(device, HeldFactor):
        return str(device.authenticator.type)
    return f"{device.channel}_code" if isinstance(device, DeliveredCodeDevice) else ""


def recovery_codes(user: User) -> Authenticator | None:
    """The account's recovery codes, when it has some."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()


def sessions_of(user: User) -> list[UserSession]:
    """Sessions that still live, the newest first."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda session: session.last_seen_at, reverse=True)


def code_went_by_phone(user: User, attempt: str) -> bool:
    """Whether the newest code of this sign-in went to the phone."""
    phone = DeliveredCodeDevice.Channel.PHONE
    return DeliveredCodeDevice.objects.filter(user=user, attempt=attempt, channel=phone).exists()


def proving_device(request: HouseRequest, user: User) -> Device | None:
    """The device of the last second-factor proof recorded in this session."""
    for record in reversed(get_authentication_records(request, user)):
        if record["method"] == "mfa":
            return HeldFactor.objects.filter(user=user, authenticator_id=record["id"]).first()
        if record["method"] == OTP:
            return DeliveredCodeDevice.objects.filter(user=user, pk=record["device"]).first()
    return None
