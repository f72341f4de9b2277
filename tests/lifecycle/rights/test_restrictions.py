"""A restored backup gets its restrictions back, and what was lifted since stays lifted (PC-63, NEW-08). Real databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.models import Disposal
from lifecycle.retention import door
from lifecycle.rights import guard
from lifecycle.rights.journal import copy_new
from records.models import PatientFile, Restriction
from records.restriction import actions
from records.restriction.queries import restricted
from tests.accounts.factories import make_practitioner
from tests.lifecycle.rights.drill import Drill
from tests.lifecycle.rights.test_restore import again
from tests.records.factories import make_file
from vault import rings

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True, databases="__all__")]
BY = Actor.operations("drill")
SEALED = {"note", "lifted_why"}


@pytest.fixture
def drill(transactional_db: None, tmp_path: Path) -> Iterator[Drill]:
    with Drill(tmp_path).running() as running:
        yield running


@pytest.fixture
def me(drill: Drill) -> User:
    return make_practitioner("camille@example.org")


def begin(file_id: UUID, ground: str = "accuracy", by: Actor = BY) -> UUID:
    with scope(ALL):
        return actions.restrict(file_id=file_id, ground=ground, by=by, now=timezone.now(), note="Kwznote").pk


def end(row_id: UUID) -> None:
    with scope(ALL):
        actions.tell(restriction_id=row_id, how="wish", by=BY, now=timezone.now())
        actions.lift(restriction_id=row_id, why="Kwzwhy", by=BY, now=timezone.now())


def rows() -> list[tuple[object, ...]]:
    """Every restriction, without what is sealed in it."""
    plain = [field.attname for field in Restriction._meta.fields if field.name not in SEALED]
    with scope(ALL):
        return sorted(Restriction.objects.values_list(*plain), key=str)


def closed() -> set[UUID]:
    with scope(ALL):
        return restricted(PatientFile.objects.values_list("pk", flat=True))


def test_restrictions_of_after_the_backup_come_back_and_lifted_ones_stay_lifted(drill: Drill, me: User) -> None:
    begun, lifted, both, gone = (make_file(me).pk for _ in range(4))
    ends = {file_id: begin(file_id) for file_id in (lifted, both, gone)}
    dump = drill.dump()

    begin(begun, by=Actor(me.pk, "practitioner"))
    for row_id in ends.values():
        end(row_id)
    end(begin(both, "objection"))
    begin(both)
    door.destroy([gone], reason=door.Reason.ERASURE, by=BY, now=timezone.now())
    copy_new()
    before, shut = rows(), closed()
    assert (shut, rings.all_restricted()) == ({begun, both}, {begun, both})

    drill.restore(dump)
    assert closed() == {lifted, both, gone}
    assert guard.why_not_start() == guard.OLDER
    found = again()
    assert (rows(), closed(), rings.all_restricted()) == (before, shut, shut)
    assert found["records.Restriction put back"] == 6
    with scope(ALL):
        assert Disposal.objects.get(file_id=gone).reason == Disposal.Reason.REPLAY
    assert (guard.why_not_start(), again()["records.Restriction put back"]) == (None, 0)


def test_both_databases_restored_lose_no_restriction_that_the_journal_kept(drill: Drill, me: User) -> None:
    """The keys come from a backup of after the restriction, the main database from before it."""
    file_id = make_file(me).pk
    main = drill.dump()
    row_id = begin(file_id)
    copy_new()
    keys = drill.dump("keys")
    end(row_id)
    drill.restore(main)
    drill.restore(keys, "keys")
    again()
    assert (closed(), rings.all_restricted()) == ({file_id}, {file_id})
    with scope(ALL):
        assert Restriction.objects.get().note is None
    end(row_id)
    assert (closed(), rings.all_restricted()) == (set(), set())


def test_restriction_begun_anew_before_the_replay_stays_the_one(drill: Drill, me: User) -> None:
    file_id = make_file(me).pk
    dump = drill.dump()
    end(begin(file_id))
    copy_new()
    drill.restore(dump)
    anew = begin(file_id)
    again()
    with scope(ALL):
        assert (Restriction.objects.get().pk, closed()) == (anew, {file_id})


def test_account_that_the_backup_never_knew_is_not_named(drill: Drill, me: User) -> None:
    file_id = make_file(me).pk
    dump = drill.dump()
    other = make_practitioner()
    begin(file_id, by=Actor(other.pk, "practitioner"))
    copy_new()
    drill.restore(dump)
    again()
    with scope(ALL):
        row = Restriction.objects.get()
    assert (row.since_by_id, row.since_role, closed()) == (None, "operations", {file_id})
    assert timezone.now() - row.since_at < timedelta(minutes=5)
