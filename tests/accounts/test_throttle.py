"""Wrong passwords cost time per account and network, for known and unknown accounts alike (security.md 1.7)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts import throttle
from accounts.models import LoginThrottle
from audit.models import SecurityEntry
from tests.accounts.factories import WebClient, make_practitioner
from tests.accounts.helpers import CODE, type_password

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
HOME, STRANGER = "203.0.113.7", "198.51.100.9"


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (500, 60)]
)
def test_wait_doubles_from_the_fifth_wrong_password_up_to_an_hour(failures: int, minutes: int) -> None:
    assert throttle.wait_after(failures) == timedelta(minutes=minutes)


@given(st.integers(0, 1000))
def test_wait_never_shrinks(failures: int) -> None:
    assert throttle.wait_after(failures) <= throttle.wait_after(failures + 1)


@pytest.mark.parametrize(
    ("ip", "network"),
    [("203.0.113.7", "203.0.113.0/24"), ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"), ("::ffff:203.0.113.7", "::/56")],
)
def test_network_is_what_a_household_shares(ip: str, network: str) -> None:
    assert throttle.network_of(ip) == network


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["camille@example.org", "nobody@example.org"])
def test_sixth_try_is_not_weighed_and_the_answer_is_the_same_for_unknown_accounts(email: str) -> None:
    make_practitioner("camille@example.org")
    with time_machine.travel(NOON, tick=False) as clock:
        for _try in range(5):
            assert "not right" in type_password(WebClient(), email, "wrong").content.decode()
            clock.shift(61)
        clock.shift(-60)
        assert "Too many tries" in type_password(WebClient(), email).content.decode()


@pytest.mark.django_db
def test_right_password_after_the_wait_opens_and_starts_the_count_again() -> None:
    user = make_practitioner("camille@example.org")
    with time_machine.travel(NOON, tick=False) as clock:
        for _try in range(5):
            type_password(WebClient(), user.email, "wrong")
        clock.shift(61)
        assert type_password(WebClient(), user.email)["Location"] == CODE
        here = LoginThrottle.objects.exclude(network_key=b"").get()
        assert (here.failures, here.succeeded_at) == (0, NOON + timedelta(seconds=61))


@pytest.mark.django_db
def test_stranger_cannot_lock_the_owner_out_of_a_known_network() -> None:
    user = make_practitioner("camille@example.org")
    with time_machine.travel(NOON, tick=False) as clock:
        type_password(WebClient(), user.email, ip=HOME)
        for attacker in range(26):
            type_password(WebClient(), user.email, "wrong", ip=f"198.51.{attacker}.9")
        clock.shift(60)
        assert "Too many tries" in type_password(WebClient(), user.email, ip="198.18.0.1").content.decode()
        assert type_password(WebClient(), user.email, ip=HOME)["Location"] == CODE


@pytest.mark.django_db
def test_at_most_25_passwords_a_day_are_weighed_from_new_networks() -> None:
    email = "camille@example.org"
    weighed = [
        throttle.reserve(
            throttle.Attempt.of(email, f"198.{block}.{attacker}.9"), now=NOON + timedelta(seconds=attacker)
        )
        is None
        for block in (18, 19)
        for attacker in range(20)
    ]
    assert sum(weighed) == 25
    assert throttle.reserve(throttle.Attempt.of(email, "198.20.0.1"), now=NOON + timedelta(hours=25)) is None


@pytest.mark.django_db
def test_typed_text_is_kept_only_as_a_keyed_hash() -> None:
    type_password(WebClient(), "my-secret-typed-here@example.org", "wrong")
    rows = [*LoginThrottle.objects.values(), *SecurityEntry.objects.values()]
    assert "my-secret-typed-here" not in str(rows)
    row = SecurityEntry.objects.get()
    assert (row.kind, row.outcome, row.account_id) == ("login.failed", "refused", None)
    assert row.detail == {"typed": throttle.keyed("account", "my-secret-typed-here@example.org").hex()}


@pytest.mark.django_db
def test_counts_are_forgotten_after_ninety_days_but_known_networks_stay() -> None:
    for name in ("stale@example.org", "known@example.org"):
        throttle.reserve(throttle.Attempt.of(name, HOME), now=NOON)
    throttle.succeed(throttle.Attempt.of("known@example.org", HOME), now=NOON + timedelta(days=30))
    assert throttle.forget(now=NOON + timedelta(days=89)) == 0
    assert throttle.forget(now=NOON + timedelta(days=91)) == 3
    kept = LoginThrottle.objects.get()
    assert bytes(kept.account_key) == throttle.keyed("account", "known@example.org")


@pytest.mark.django_db
def test_parallel_tries_are_each_counted() -> None:
    """Eight threads with connections of their own, which really commit; their rows are taken away at the end."""
    attempt = throttle.Attempt.of("parallel@example.org", HOME)

    def on_own_connection(act: Callable[[], object]) -> object:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(on_own_connection, lambda: throttle.reserve(attempt, now=NOON) is None) for _ in range(24)]
        weighed = sum(bool(one.result()) for one in tries)
        pool.submit(on_own_connection, LoginThrottle.objects.filter(account_key=attempt.account_key).delete).result()
    assert weighed == 5
