"""A restored backup forgets no approved schedule: no file leaves earlier than it says (NEW-05, NEW-08). Real databases."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from care.tenancy import ALL, scope
from lifecycle.models import Disposal
from lifecycle.retention import door
from lifecycle.rights import guard
from lifecycle.rights.journal import copy_new
from lifecycle.rights.replay import replay
from lifecycle.schedule.redating import redate_all
from privacy.schedule import in_force
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.rights.drill import Drill
from tests.lifecycle.schedule.helpers import BY, approved, medical
from tests.records.factories import NOW, make_file

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True, databases="__all__")]
OLD_END_PAST = datetime(2047, 1, 1, 12, tzinfo=UTC)
NEW_END_PAST = datetime(2052, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def drill(transactional_db: None, tmp_path: Path) -> Iterator[Drill]:
    with Drill(tmp_path).running() as running:
        yield running


@pytest.fixture
def me(drill: Drill) -> User:
    return make_practitioner("camille@example.org", now=LONG_AGO)


def test_lengthening_approved_after_the_backup_is_replayed_and_keeps_every_file(drill: Drill, me: User) -> None:
    file = make_file(me)
    dump = drill.dump()
    row = approved(PC_41=medical(25))
    redate_all(by=BY, now=NOW)
    copy_new()

    drill.restore(dump)
    assert (in_force().number, guard.why_not_start()) == (1, guard.OLDER)
    replay(by=BY, now=timezone.now())
    assert (in_force().number, in_force().sha256, guard.why_not_start()) == (2, row.sha256, None)
    assert door.decide(None, reason="term", by=BY, now=OLD_END_PAST) == []
    redate_all(by=BY, now=NOW)
    with scope(ALL):
        assert PatientFile.objects.get(pk=file.pk).retain_until == date(2051, 11, 18)


def test_disposal_of_a_file_that_the_backup_has_with_its_older_end_is_replayed(drill: Drill, me: User) -> None:
    file = make_file(me)
    approved(PC_41=medical(25))
    dump = drill.dump()
    redate_all(by=BY, now=NOW)
    assert door.destroy([file.pk], reason="term", by=BY, now=NEW_END_PAST) == [file.pk]
    copy_new()

    drill.restore(dump)
    replay(by=BY, now=timezone.now())
    with scope(ALL):
        assert not PatientFile.objects.filter(pk=file.pk).exists()
        assert Disposal.objects.get(file_id=file.pk).reason == "replay"
