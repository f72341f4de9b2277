"""Accounts for tests: practitioners and staff with a real factor, and clients whose session it proved."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.test import Client, TestCase
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import actions, hooks
from accounts.models import DeliveredCodeDevice, HeldFactor, User
from accounts.patients.actions import sign_up_patient
from accounts.sessions import SEEN, STARTED
from audit.actors import Actor
from lifecycle.actions import subscribe
from privacy.ids import new_id

PASSWORD = "trois lampes vertes au grenier"
PROFILE = {
    "surname": "Roux",
    "given_names": "Camille",
    "specialty": "SM54",
    "address_line": "12 rue des Tilleuls",
    "postal_code": "75014",
    "city": "Paris",
    "country": "FR",
    "jurisdiction": "FR",
}


class WebClient(Client):
    """A client in whose requests what waits for the commit happens, as on the web (mails above all)."""

    def request(self, **request: Any) -> HttpResponse:
        with TestCase.captureOnCommitCallbacks(execute=True):
            response = super().request(**request)
            session = response.wsgi_request.session
            session.modified = False
        if session.modified and session.session_key:
            session.save()  # in production these callbacks run before the session is saved
        return response


def make_account(email: str | None = None, *, now: datetime | None = None, **fields: Any) -> User:
    """An account with a verified address and no role."""
    moment = now or timezone.now()
    user = User.objects.create_user(email or f"{new_id().hex}@example.org", PASSWORD, now=moment, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def operations_answers() -> dict[str, Any]:
    """The answers that the command gives to the sign-up questions of other apps."""
    return {
        name: value
        for question in hooks.questions_for("practitioner")
        for name, value in question.by_operations.items()
    }


def make_practitioner(
    email: str | None = None, *, now: datetime | None = None, subscribed: bool = True, **profile: Any
) -> User:
    """A practitioner as sign-up makes one: profile, answers recorded, practice open, address verified.

    Subscribed from that moment on, so that no test depends on how long ago it was; ``subscribed=False`` stays in trial.
    """
    moment = now or timezone.now()
    user = actions.sign_up_practitioner(
        email=email or f"{new_id().hex}@example.org",
        password=PASSWORD,
        profile={**PROFILE, **profile},
        answers=operations_answers(),
        language="en",
        email_verified=True,
        by=Actor(account_id=None, role="anonymous"),
        now=moment,
    )
    if subscribed:
        subscribe(user=user, by=Actor.operations("tests"), now=moment)
    return user


PATIENT = {"given_names": "Éloïse", "surname": "Lefèvre", "birth_date": "1984-02-29", "sex": "female"}


def make_patient(email: str | None = None, *, now: datetime | None = None, **profile: str) -> User:
    """A patient as their sign-up makes one, with a verified address."""
    return sign_up_patient(
        email=email or f"{new_id().hex}@example.org", password=PASSWORD, profile={**PATIENT, **profile},
        answers={"tos_privacy": True}, language="en", email_verified=True,
        by=Actor(account_id=None, role="anonymous"), now=now or timezone.now(),
    )  # fmt: skip


def make_staff(email: str | None = None) -> User:
    """An account of the office: DPO or operations."""
    return make_account(email, is_staff=True)


def give_passkey(user: User) -> HeldFactor:
    """A held factor, mirrored as at enrolment (its credential is not one that could sign)."""
    authenticator = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}}
    )
    return HeldFactor.objects.get_or_create(authenticator=authenticator, defaults={"user": user, "name": "webauthn"})[0]


def email_device(user: User) -> DeliveredCodeDevice:
    """The device of codes by e-mail."""
    return DeliveredCodeDevice.objects.get_or_create(user=user, defaults={"name": "e-mail"})[0]


def verified_client(user: User, *, now: datetime | None = None) -> WebClient:
    """A client signed in with a second factor: a passkey for staff, a code by e-mail for others."""
    moment = now or timezone.now()
    device = give_passkey(user) if user.is_staff else email_device(user)
    client = WebClient()
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session[STARTED] = session[SEEN] = moment.timestamp()
    session.save()
    UserSession.objects.get_or_create(
        session_key=session.session_key, defaults={"user": user, "ip": "127.0.0.1", "user_agent": "tests"}
    )
    return client


def prove(client: Client, user: User, *, at: datetime | None = None) -> None:
    """Note a fresh second-factor proof in the client's session (what step-up asks for)."""
    session = client.session
    proof = {
        "method": "otp",
        "device": email_device(user).pk,
        "at": (at or timezone.now()).timestamp(),
        "reauthenticated": True,
    }
    session["account_authentication_methods"] = [proof]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
