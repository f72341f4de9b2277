"""A new version of the register counts only once it was announced and could be objected to for thirty whole days (PC-90)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from adapters import gates
from audit.models import EventEntry
from praticonnect.database import as_owner
from privacy.refusals import Refused
from privacy.subprocessors import Closed
from subprocessors import queries
from tests.subprocessors.versions import BEGINS, DAY, TOLD, announced, prepare, second

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def refusal(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def test_a_version_counts_from_the_midnight_of_its_day_in_paris(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    row = announced()
    assert (row.number, row.effective_on, row.actor_role) == (2, DAY, "operations")
    assert EventEntry.objects.filter(verb="subprocessors.change_announced", object_id=str(row.pk)).count() == 1
    assert [queries.in_force(when).number for when in (TOLD, BEGINS - SECOND, BEGINS)] == [1, 1, 2]
    assert [bool(queries.coming(when)) for when in (TOLD - SECOND, TOLD, BEGINS - SECOND, BEGINS)] == [
        False,
        True,
        True,
        False,
    ]


def test_what_was_not_announced_never_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    assert [queries.in_force(when).number for when in (BEGINS, BEGINS + timedelta(days=400))] == [1, 1]
    assert [one.number for one in queries.public(BEGINS)] == [1]


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC), ""),
        (datetime(2026, 11, 23, 23, 0, 0, tzinfo=UTC), "too_soon"),
        (datetime(2026, 12, 24, 9, 0, tzinfo=UTC), "too_soon"),
    ],
)
def test_the_window_is_counted_in_days_of_paris(monkeypatch: pytest.MonkeyPatch, moment: datetime, code: str) -> None:
    prepare(monkeypatch)
    assert (refusal(lambda: announced(now=moment)) if code else announced(now=moment) and "") == code


def test_a_window_across_the_change_of_the_clocks_has_its_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch, second(date(2027, 4, 15), announced_on=date(2027, 3, 15)))
    announced(now=datetime(2027, 3, 15, 22, 30, tzinfo=UTC))
    last = datetime(2027, 4, 14, 21, 59, 59, tzinfo=UTC)
    assert [queries.in_force(when).number for when in (last, last + SECOND)] == [1, 2]


def test_a_change_is_announced_once_and_not_beside_another(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch, second(), second(date(2027, 6, 1), number=3, announced_on=date(2026, 12, 1)))
    announced()
    assert [refusal(announced), refusal(lambda: announced(3)), refusal(lambda: announced(4)), refusal(lambda: announced(1))] == [
        "announced", "waiting", "unknown", "unknown",
    ]  # fmt: skip
    announced(3, now=BEGINS)


def test_a_version_that_was_changed_after_its_announcement_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch, second(DAY + timedelta(days=10)))
    announced()
    prepare(monkeypatch, second(DAY))
    assert queries.in_force(BEGINS + timedelta(days=20)).number == 1


def test_an_announcement_refuses_every_change_even_from_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    announced()
    with (
        as_owner(),
        pytest.raises(DatabaseError, match="refused: evidence only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("update subprocessors_announcement set effective_on = '2026-11-24'")


def test_standings_say_since_when_and_what_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    announced()
    found = {one.entry.key: one for one in queries.standings(BEGINS)}
    assert (found["scaleway"].since, found["newcomer"].since) == (date(2026, 5, 14), DAY)
    assert {key: (one.closed, one.closed_since) for key, one in found.items() if one.closed} == {
        "bulkgate": (Closed.NO_MECHANISM, DAY)
    }
    assert "aws" not in found


def test_the_door_counts_no_version_that_was_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    closed = gates.by_register("newcomer", BEGINS)
    assert (closed.gate if closed else "", gates.by_register("aws", BEGINS)) == ("register", None)
    announced()
    assert [gates.by_register("newcomer", BEGINS), bool(gates.by_register("aws", BEGINS))] == [None, True]
    assert gates.by_register("newcomer", BEGINS - SECOND) is not None
