"""Open sessions: how long they last, their key, who may end them (security.md 1.7).

Idle 30 minutes for practitioners, 15 for staff; 12 hours in all, 8 for staff: a practice leaves its screens unattended between two
patients, and a working day is the longest anyone stays signed in (NIST AAL2 allows 1 h and 24 h; this is stricter).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session

from accounts.models import User
from audit.requests import HouseRequest

STARTED, SEEN = "started_at", "seen_at"
TOUCH_EVERY = timedelta(minutes=1)
MOST_SESSIONS = 5


@dataclass(frozen=True)
class Limits:
    """How long a session may be idle, and last."""

    idle: timedelta
    whole: timedelta


PRACTITIONER = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12))
STAFF = Limits(idle=timedelta(minutes=15), whole=timedelta(hours=8))


def limits_for(user: User) -> Limits:
    """The limits of this account's role."""
    return STAFF if user.is_staff else PRACTITIONER


def begin(request: HouseRequest, user: User) -> None:
    """Start the clocks of a new session and end the oldest ones beyond five."""
    moment = request.now.timestamp()
    request.session[STARTED], request.session[SEEN] = moment, moment
    others = (
        UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key).order_by("-last_seen_at")
    )
    for session in others[MOST_SESSIONS - 1 :]:
        session.end()


def is_over(request: HouseRequest, user: User) -> bool:
    """Whether the session passed one of its limits (one without clocks never began through our login: over)."""
    started, seen, limits = request.session.get(STARTED), request.session.get(SEEN), limits_for(user)
    if started is None or seen is None:
        return True
    now = request.now.timestamp()
    return now - seen > limits.idle.total_seconds() or now - started > limits.whole.total_seconds()


def touch(request: HouseRequest) -> None:
    """Note that the session is used, at most once a minute (not a write for every request)."""
    now: datetime = request.now
    if now.timestamp() - request.session[SEEN] >= TOUCH_EVERY.total_seconds():
        request.session[SEEN] = now.timestamp()
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=now)


def rotate(request: HouseRequest) -> None:
    """A new key for the same session; the list of sessions follows."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


def end_one(user: User, session_id: str) -> int:
    """End one session of this account: dead at its next request. 0 when it isn't (or no longer) theirs."""
    session = (
        UserSession.objects.filter(user=user, pk=session_id).first()
        if session_id.isascii() and session_id.isdigit()
        else None
    )
    if session is None:
        return 0
    session.end()
    return 1


def end_all(user: User, *, but: str | None = None) -> int:
    """End every session of the account but the one with key `but`; returns how many ended."""
    others = list(UserSession.objects.filter(user=user).exclude(session_key=but or ""))
    for session in others:
        session.end()
    return len(others)


def forget_expired(*, now: datetime) -> int:
    """Delete sessions past their end, and the lines of the list whose session is gone; returns how many lines went."""
    Session.objects.filter(expire_date__lt=now).delete()
    gone = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return gone.delete()[0]


def signed_in(user: User | AnonymousUser) -> TypeGuard[User]:
    """Whether the request's user is an account."""
    return user.is_authenticated
