"""What accounts promises, measured on the live database."""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib.auth import password_validation
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db.models import Count, F
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from accounts import devices, identifiers, passwords
from accounts.credentials import lost_promises as _lost  # noqa: F401 - registers MD-51
from accounts.credentials import promises as _credentials  # noqa: F401 - registers MD-52 and MD-53
from accounts.forms import CodeForm, NewPasswordForm, ProfileFields, SignupForm
from accounts.models import DeliveredCodeDevice, HeldFactor, PractitionerProfile, User
from accounts.queries import has_held_factor
from audit.models import EventEntry, SecurityEntry
from privacy.promises import Measure, promise

TO_ENROL = timedelta(hours=1)
POSSESSIONS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


# ── MD-01 ──


def _unmarked(form: forms.Form) -> list[str]:
    """Mandatory fields of a form whose rendering lacks the mark or the text that is read aloud."""
    rendered = {field.name: field.as_field_group() for field in form.visible_fields() if field.field.required}
    return [
        f"{type(form).__name__}.{name}"
        for name, html in rendered.items()
        if "field__must" not in html or "visually-hidden" not in html
    ]


@promise("MD-01", checked_by="tests/accounts/test_promises.py")
def account_forms_mark_their_mandatory_fields(now: datetime) -> Measure:
    """Each mandatory field of accounts' forms is rendered with its mark and with words for screen readers."""
    shown = [SignupForm(), ProfileFields(), CodeForm(), NewPasswordForm(User())]
    unmarked = [name for form in shown for name in _unmarked(form)]
    mandatory = sum(field.field.required for form in shown for field in form.visible_fields())
    return Measure(
        not unmarked,
        {"account_forms": len(shown), "mandatory_account_fields": mandatory, "unmarked_account_fields": unmarked},
    )


# ── PC-02, MD-04 ──


def _is_sound(profile: PractitionerProfile) -> bool:
    try:
        return (
            (not profile.rpps or identifiers.clean_rpps(profile.rpps) == profile.rpps)
            and (not profile.adeli or identifiers.clean_adeli(profile.adeli) == profile.adeli)
            and (not profile.phone or identifiers.clean_phone(profile.phone, profile.country) == profile.phone)
            and all((profile.surname, profile.specialty, profile.address_line, profile.city))
        )
    except ValidationError:
        return False


@promise("MD-04", checked_by="tests/accounts/test_promises.py")
@promise("PC-02", checked_by="tests/accounts/test_promises.py")
def practitioners_are_identified_by_checked_data(now: datetime) -> Measure:
    """Each profile has name, specialty and professional address; its numbers and telephone pass their checks."""
    profiles = list(PractitionerProfile.objects.all())
    unsound = [str(profile.pk) for profile in profiles if not _is_sound(profile)]
    figures = {
        "practitioners": len(profiles),
        "with_rpps": sum(bool(one.rpps) for one in profiles),
        "unsound_profiles": unsound,
    }
    return Measure(not unsound, figures)


# ── PC-81, MD-50 ──


def _live_sessions(now: datetime) -> list[tuple[User, Device | None]]:
    """Account and proving device of each session that is listed and lives now."""
    listed = {
        row.session_key: row.user for row in UserSession.objects.filter(user__is_active=True).select_related("user")
    }
    stored = Session.objects.filter(session_key__in=listed, expire_date__gt=now)
    return [(listed[one.session_key], _device(one, listed[one.session_key])) for one in stored]


def _device(session: Session, user: User) -> Device | None:
    device = Device.from_persistent_id(session.get_decoded().get(DEVICE_ID_SESSION_KEY, ""))
    return device if device is not None and device.user_id == user.pk and device.confirmed else None


@promise("PC-81", checked_by="tests/accounts/test_promises.py")
def second_factor_is_always_there(now: datetime) -> Measure:
    """Each authenticator has its verdict row and each live session its factor; staff who hold one are signed in by it.

    A session without one exists while a removed factor's session waits for its next request: it opens nothing, but counts here.
    """
    found = _live_sessions(now)
    unproved = [user for user, device in found if device is None]
    weak_staff = [user for user, device in found if user.is_staff and not _held(device) and has_held_factor(user)]
    without_row = Authenticator.objects.filter(held_factor=None).count()
    figures = {
        "live_sessions": len(found), "sessions_without_second_factor": len(unproved), "staff_sessions_past_their_factor": len(weak_staff),
        "accounts_by_factor": _accounts_by_factor(), "authenticators_without_verdict": without_row,
    }  # fmt: skip
    return Measure(not unproved and not weak_staff and not without_row, figures)


def _held(device: Device | None) -> bool:
    return isinstance(device, HeldFactor) and device.held


def _accounts_by_factor() -> dict[str, int]:
    """How many accounts have each kind of factor; the rest signs in with mailed codes."""
    kinds = dict(Authenticator.objects.values_list("type").annotate(n=Count("user", distinct=True)))
    by_mail = User.objects.filter(is_active=True).exclude(authenticator__type__in=POSSESSIONS).count()
    return {**kinds, "email_code": by_mail}


@promise("PC-81", checked_by="tests/accounts/test_promises.py")
def active_staff_hold_a_factor(now: datetime) -> Measure:
    """Each account of the office holds an app or a passkey within an hour of its first sign-in (until then it opens nothing)."""
    staff = User.objects.filter(is_staff=True, is_active=True)
    bare = staff.exclude(authenticator__type__in=POSSESSIONS).exclude(last_login=None)
    late = bare.filter(last_login__lt=now - TO_ENROL).count()
    return Measure(
        not late, {"staff": staff.count(), "staff_without_held_factor": bare.count(), "of_these_too_late": late}
    )


@promise("MD-50", checked_by="tests/accounts/test_promises.py")
def mailed_codes_are_short_lived_single_and_not_kept(now: datetime) -> Measure:
    """Codes, by mail or by phone, live five minutes at most, only their keyed hash is kept, and none serves who holds a factor."""
    waiting = DeliveredCodeDevice.objects.exclude(valid_until=None)
    too_long = waiting.filter(valid_until__gt=now + devices.CODE_LIFE).count()
    readable = [one.pk for one in waiting if len(bytes(one.code_mac)) != 32]
    by_mail = [
        user
        for user, device in _live_sessions(now)
        if isinstance(device, DeliveredCodeDevice) and _held_before(user, device)
    ]
    figures = {
        "code_seconds": int(devices.CODE_LIFE.total_seconds()), "codes_waiting": waiting.count(),
        "codes_waiting_by_phone": waiting.filter(channel=DeliveredCodeDevice.Channel.PHONE).count(), "codes_living_too_long": too_long,
        "codes_not_hashed": len(readable), "holders_signed_in_by_mail": len(by_mail),
    }  # fmt: skip
    return Measure(not too_long and not readable and not by_mail and timedelta(minutes=5) >= devices.CODE_LIFE, figures)


def _held_before(user: User, device: DeliveredCodeDevice) -> bool:
    """Whether the account held an app or passkey already when a mailed code was last used."""
    used = device.last_used_at
    return (
        used is not None and Authenticator.objects.filter(user=user, type__in=POSSESSIONS, created_at__lt=used).exists()
    )


# ── MD-54 ──

EXAMPLES = {
    "short": ("xK9#vQ2m!pL", False),
    "runs": ("abcdefghijklmnop", False),
    "breached": ("motdepasse2026!", False),
    "no composition rule": ("trois lampes vertes au grenier", True),
}


def _accepted(password: str) -> bool:
    try:
        password_validation.validate_password(password, User(email="example@example.org"))
    except ValidationError:
        return False
    return True


@promise("MD-54", checked_by="tests/accounts/test_promises.py")
def password_rule_is_in_force(now: datetime) -> Measure:
    """The rule in force judges examples as CNIL's does, and each stored hash is Argon2id (or none that works)."""
    wrong = [name for name, (password, good) in EXAMPLES.items() if _accepted(password) is not good]
    hashes = User.objects.exclude(password__startswith="!")  # noqa: S106
    foreign = hashes.exclude(password__startswith="argon2id$").count()  # noqa: S106
    overdue = User.objects.exclude(compromised_at=None).filter(last_login__gt=F("compromised_at")).count()
    figures = {
        "least_characters": passwords.SHORTEST, "least_bits": passwords.FEWEST_BITS, "examples_misjudged": wrong, "passwords": hashes.count(),
        "not_argon2id": foreign, "signed_in_without_the_forced_change": overdue,
    }  # fmt: skip
    return Measure(not wrong and not foreign and not overdue, figures)


# ── MD-57 ──


@promise("MD-57", checked_by="tests/accounts/test_promises.py")
def one_account_is_one_person(now: datetime) -> Measure:
    """No two accounts share an address or a professional number, and each change on the web names its account."""
    accounts = User.objects.count()
    addresses = len({email.lower() for email in User.objects.values_list("email", flat=True)})
    anonymous = EventEntry.objects.filter(channel="web", actor_id=None).count()
    entered = SecurityEntry.objects.filter(kind="login.ok", account_id=None).count()
    figures = {
        "accounts": accounts,
        "shared_addresses": accounts - addresses,
        "changes_without_author": anonymous,
        "logins_without_account": entered,
    }
    return Measure(accounts == addresses and not anonymous and not entered, figures)
