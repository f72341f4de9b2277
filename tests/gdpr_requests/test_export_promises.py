"""PC-60 and PC-64 hold, and turn false by hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F

from accounts.models import User
from gdpr_requests.export import actions, building, promises, tables
from gdpr_requests.export.actions import name_of
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models import Export
from lifecycle.states import Name
from privacy.declare import REGISTRY, Category, personal
from privacy.ids import new_id
from tests.lifecycle.helpers import IN, make_trial
from tests.records.factories import actor_of
from vault import rings

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = IN[Name.TRIAL]


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


@pytest.fixture
def export(me: User) -> Export:
    asked = actions.ask(user=me, scope=Scope.ACCESS, by=actor_of(me), now=NOW)
    building.build(asked.pk, now=NOW)
    return asked


def test_all_hold_with_one_ready(export: Export) -> None:
    assert [check(NOW).kept for check in (
        promises.all_that_is_held_is_shown_with_its_reason, promises.who_asked_has_it_within_a_day,
        promises.archives_are_sealed_and_gone_after_seven_days,
    )] == [True] * 3  # fmt: skip


def test_access_breaks_with_a_field_that_says_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    table = REGISTRY["accounts.User"]
    silent = replace(table, fields={**table.fields, "email": personal("an address", Category.CONTACT)})
    monkeypatch.setattr(promises, "account_tables", lambda _scope: [silent])
    measure = promises.all_that_is_held_is_shown_with_its_reason(NOW)
    assert (measure.kept, measure.figures["fields_without_a_reason"]) == (False, 1)


def test_access_breaks_with_a_table_that_no_export_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "kept_in_files", dict)
    measure = promises.all_that_is_held_is_shown_with_its_reason(NOW)
    assert (measure.kept, bool(measure.figures["fields_in_no_export"])) == (False, True)


@pytest.mark.parametrize("change", [{"state": "waiting", "asked_at": NOW - timedelta(days=2)}, {"state": "failed"}])
def test_waiting_breaks_when_one_stalls_or_failed(export: Export, change: dict[str, object]) -> None:
    Export.objects.update(**change)
    assert promises.who_asked_has_it_within_a_day(NOW).kept is False


def broken(now: datetime = NOW) -> list[str]:
    measure = promises.archives_are_sealed_and_gone_after_seven_days(now)
    wrong = [name for name, value in measure.figures.items() if value and name != "archives_ready"]
    assert measure.kept is not bool(wrong)
    return wrong


def test_end_breaks_when_no_sweep_comes(export: Export) -> None:
    assert broken(NOW + timedelta(days=7, hours=2)) == []
    assert broken(NOW + timedelta(days=7, hours=4)) == ["archives_expired_undeleted"]


def test_end_breaks_when_it_is_put_off(export: Export) -> None:
    Export.objects.update(expires_at=F("expires_at") + timedelta(days=1))
    assert broken() == ["archives_with_another_end_than_seven_days"]


def test_end_breaks_with_an_object_that_no_row_names(export: Export) -> None:
    default_storage.save(name_of(new_id()), ContentFile(b"left"))
    assert broken() == ["archives_without_a_row"]
    assert actions.destroy_strays(NOW) == 1
    assert broken() == []


def test_end_breaks_without_the_archive_or_its_key(export: Export) -> None:
    rings.destroy([export.pk], NOW)
    assert broken() == ["archives_without_a_key"]
    default_storage.delete(name_of(export.pk))
    assert broken() == ["rows_without_an_archive", "archives_without_a_key"]
