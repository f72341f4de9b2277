"""A linked calendar and an open room, made as people and workers make them, against the fakes."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from accounts.models import User
from adapters import google
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import ALL, scope
from consents import patients
from consents.actions import Control
from consents.models import Stop
from consents.stopping import attempt, finish
from fakes.provider import Notice
from fakes.server import Fakes
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.promises import measure
from subprocessors.calendars import actions as calendars
from subprocessors.calendars.models import CalendarLink
from subprocessors.rooms import actions as rooms
from subprocessors.rooms.models import VideoRoom
from tests.accounts.factories import make_practitioner
from tests.adapters.factories import work
from tests.consents.factories import choose, person
from tests.records.factories import NOW

PARENT = "third_party_integrations"
BACK = "http://testserver/back/"
BUTTON = Control("button", "none", "Validate")


def turn(user: User, child: str, *, on: bool = True, now: datetime = NOW) -> None:
    """The practitioner moves the switch of one integration."""
    by = person(user.pk)
    if on:
        choose(by, PARENT, now=now)
    choose(by, PARENT, on, child=child, now=now)


def wish(row: PortalLink, key: str, *, on: bool = True, now: datetime = NOW) -> None:
    """The patient says yes or no."""
    by = Actor(account_id=row.account_id, role="patient", ip="192.0.2.7")
    with scope(ALL):
        patients.decide_by_link(link=row, key=key, on=on, by=by, language="en", now=now, control=BUTTON)


def allowed(fakes: Fakes, **said: Any) -> tuple[google.SignIn, str]:
    """What somebody brings back from Google's page who allowed it."""
    sign_in = google.sign_in(BACK)
    asked = parse_qs(urlsplit(sign_in.address).query)
    return sign_in, fakes["google"].grant(asked["code_challenge"][0], BACK, **said)


def linked(fakes: Fakes, user: User | None = None, *, now: datetime = NOW) -> CalendarLink:
    """A practitioner who turned the switch on and linked their calendar."""
    user = user or make_practitioner(now=now)
    turn(user, "google", now=now)
    sign_in, code = allowed(fakes)
    by = Actor(account_id=user.pk, role="practitioner")
    calendars.connect(account_id=user.pk, code=code, verifier=sign_in.verifier, back=BACK, by=by, now=now)
    work(now)
    return CalendarLink.objects.get(account=user)


def opened(user: User, own: PortalLink, *, recorded: bool = False, now: datetime = NOW) -> VideoRoom:
    """A room that both agreed to, open at the server."""
    turn(user, "livekit", now=now)
    wish(own, TELECONSULTATION, now=now)
    by = Actor(account_id=user.pk, role="practitioner")
    room = rooms.open_room(account_id=user.pk, file_id=own.patient_id, by=by, now=now)
    work(now)
    if recorded:
        wish(own, RECORDING, now=now)
        rooms.record(room_id=room.pk, by=by, now=now)
        work(now)
    return VideoRoom.objects.get(pk=room.pk)


def stop_all(now: datetime) -> list[tuple[str, str]]:
    """What the stopping worker does at ``now``: places with where they stand then."""
    names = []
    while row := Stop.claim(now):
        finish(row, attempt(row, now=now), now=now)
        row.refresh_from_db()
        names.append((row.name, row.state))
    return sorted(names)


def brought(client: Any, notice: Notice, **headers: str) -> int:
    """A notice of a fake comes to our address; the status of the answer."""
    said = {**notice.headers, **headers}
    kind = said.pop("Content-Type")
    return int(client.generic("POST", notice.path, notice.body, content_type=kind, headers=said).status_code)


def measured(promise: str, now: datetime = NOW) -> bool:
    """Whether a promise holds."""
    (found,) = measure(now, [promise])
    return found.kept is True
