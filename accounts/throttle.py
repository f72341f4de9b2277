"""Wrong passwords cost time, per account and network, kept in PostgreSQL (security.md 1.7).

Five tries are free, then 1, 2, 4 … minutes, at most an hour. From networks where the account never signed in, at most 25 tries a day
are weighed, whatever their number of addresses; so a stranger can't lock the owner out of a known network. What is
typed for an account that doesn't exist counts in the same way: the answers are the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import LoginThrottle

FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=60)
TRIES_FROM_ANYWHERE = 25
WINDOW = timedelta(hours=24)
KNOWN_FOR = timedelta(days=90)
EVERYWHERE = b""


def keyed(kind: str, text: str) -> bytes:
    """A keyed hash under which a typed address or a network is remembered."""
    return salted_hmac(f"accounts.throttle.{kind}", text.strip().lower(), algorithm="sha256").digest()


def network_of(ip: str) -> str:
    """The network of an address: /24 for IPv4, /56 for IPv6 (what one household or office shares)."""
    address = ip_address(ip)
    return str(ip_network(f"{address}/{24 if address.version == 4 else 56}", strict=False))


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many wrong passwords in a row."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(failures - FREE_TRIES, 10)), LONGEST_WAIT)


@dataclass(frozen=True)
class Attempt:
    """One try: who is typed, from which network."""

    account_key: bytes
    network_key: bytes

    @classmethod
    def of(cls, email: str, ip: str) -> "Attempt":
        return cls(keyed("account", email), keyed("network", network_of(ip)))


def _locked(attempt: Attempt, network_key: bytes, now: datetime) -> LoginThrottle:
    """The row, locked until the transaction ends; created when new."""
    LoginThrottle.objects.bulk_create(
        [LoginThrottle(account_key=attempt.account_key, network_key=network_key, since_at=now, last_failed_at=now)],
        ignore_conflicts=True,
    )
    return LoginThrottle.objects.select_for_update().get(account_key=attempt.account_key, network_key=network_key)


def _is_known(row: LoginThrottle, now: datetime) -> bool:
    return row.succeeded_at is not None and now - row.succeeded_at < KNOWN_FOR


def _blocked_until(here: LoginThrottle, anywhere: LoginThrottle, now: datetime) -> datetime | None:
    until = here.last_failed_at + wait_after(here.failures)
    if not _is_known(here, now) and anywhere.failures >= TRIES_FROM_ANYWHERE:
        until = max(until, anywhere.since_at + WINDOW)
    return until if until > now else None


def _count(row: LoginThrottle, now: datetime) -> None:
    if now - row.since_at >= WINDOW:
        row.since_at, row.failures = now, 0
    row.failures, row.last_failed_at = row.failures + 1, now
    row.save(update_fields=["since_at", "failures", "last_failed_at"])


@transaction.atomic
def reserve(attempt: Attempt, *, now: datetime) -> datetime | None:
    """Count a try before it is weighed (so that parallel tries can't outrun the count).

    Returns None when the password may be weighed, or the moment until which it isn't.
    """
    anywhere, here = _locked(attempt, EVERYWHERE, now), _locked(attempt, attempt.network_key, now)
    if until := _blocked_until(here, anywhere, now):
        return until
    _count(here, now)
    if not _is_known(here, now):
        _count(anywhere, now)
    return None


@transaction.atomic
def succeed(attempt: Attempt, *, now: datetime) -> None:
    """The password was right: this network is known, and its count starts again."""
    anywhere, here = _locked(attempt, EVERYWHERE, now), _locked(attempt, attempt.network_key, now)
    if not _is_known(here, now) and anywhere.failures:
        anywhere.failures -= 1
        anywhere.save(update_fields=["failures"])
    here.failures, here.succeeded_at = 0, now
    here.save(update_fields=["failures", "succeeded_at"])


def forget_networks(email: str) -> int:
    """No network is known any more as one from which this account signs in; returns how many were."""
    known = LoginThrottle.objects.filter(account_key=keyed("account", email)).exclude(succeeded_at=None)
    return known.update(succeeded_at=None)


def forget(*, now: datetime) -> int:
    """Delete counts whose last failure is older than the time a network stays known, unless a sign-in since keeps it known."""
    old = now - KNOWN_FOR
    stale = LoginThrottle.objects.filter(last_failed_at__lt=old).exclude(succeeded_at__gte=old)
    return stale.delete()[0]
