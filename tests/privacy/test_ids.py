"""Ids are random, made by the client, and ordered by time."""

import time
from uuid import RFC_4122

import pytest

from privacy.ids import new_id


def test_id_is_a_uuid_of_version_7_with_the_present_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after


def test_ids_never_repeat() -> None:
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)


def test_ids_of_one_process_sort_in_the_order_they_were_made() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(made)


def test_ids_go_on_from_the_last_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first, now = new_id(), time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 10**9)
    second = new_id()
    assert (first < second, second.version, second.variant) == (True, 7, RFC_4122)


def test_ids_follow_a_clock_that_was_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 10**15)
    new_id()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    assert new_id().int >> 80 == now // 1_000_000


def test_ids_of_later_milliseconds_sort_later() -> None:
    first = new_id()
    time.sleep(0.002)
    assert first < new_id()
