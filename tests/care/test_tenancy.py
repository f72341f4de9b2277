"""PostgreSQL's row security as the second wall: no scope, no rows; another's scope, none of ours."""

import pytest
from django.db import ProgrammingError, connection, transaction

from care.models import CareRelationship
from care.tenancy import ALL, current, scope
from praticonnect.database import as_owner
from tests.care.factories import make_care, make_practice, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    user = make_user()
    practice = make_practice(user)
    with scope([practice.id]):
        make_care(practice, user)
    return practice


def count() -> int:
    return CareRelationship.objects.count()


def test_query_without_scope_sees_no_row(ours):
    assert count() == 0


def test_query_in_the_scope_of_the_practice_sees_its_rows(ours):
    with scope([ours.id]):
        assert count() == 1


def test_query_in_the_scope_of_another_practice_sees_no_row(ours):
    with scope([make_practice().id]):
        assert count() == 0


def test_query_in_the_scope_of_several_practices_sees_all_of_theirs(ours):
    with scope([make_practice().id, ours.id]):
        assert count() == 1


def test_scope_of_no_practice_sees_no_row(ours):
    with scope([]):
        assert count() == 0


def test_system_scope_sees_all_rows(ours):
    with scope(ALL):
        assert count() == 1


def test_scope_refuses_a_word_that_is_no_scope():
    with pytest.raises(ValueError, match="'everything' is no scope"), scope("everything"):
        pass


def test_row_of_another_practice_is_refused_on_insert(ours):
    other = make_practice()
    with pytest.raises(ProgrammingError, match="row-level security"), scope([other.id]):
        make_care(ours, make_user())


def test_row_is_not_moved_into_another_practice(ours):
    other = make_practice()
    with pytest.raises(ProgrammingError, match="row-level security"), scope([ours.id]):
        CareRelationship.objects.update(practice=other)


def test_update_and_delete_without_scope_touch_no_row(ours):
    assert CareRelationship.objects.update(ended_at=None) == 0
    assert CareRelationship.objects.all().delete()[0] == 0
    with scope([ours.id]):
        assert count() == 1


def test_inner_scope_gives_way_to_the_outer_one_at_its_end(ours):
    with scope([ours.id]):
        with scope([make_practice().id]):
            assert count() == 0
        assert count() == 1


def test_inner_scope_gives_way_after_an_error_too(ours):
    with scope([ours.id]):
        with pytest.raises(RuntimeError), scope(ALL):
            raise RuntimeError
        assert current() == str(ours.id)


@pytest.mark.django_db(transaction=True)
def test_scope_does_not_outlive_its_transaction():
    with scope(ALL):
        assert current() == "all"
    assert current() == ""


def test_row_security_is_forced_on_the_tables_owner(ours):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'care_carerelationship'"
        )
        assert cursor.fetchone() == (True, True)


def test_application_role_cannot_switch_row_security_off():
    refused = pytest.raises(ProgrammingError, match="must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE care_carerelationship DISABLE ROW LEVEL SECURITY")


def test_wall_is_what_hides_the_rows_and_not_something_else(ours):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE care_carerelationship DISABLE ROW LEVEL SECURITY")
    assert count() == 1
