"""PostgreSQL samples no words about people: an erasure would leave them behind (NEW-07)."""

import pytest
from django.db import connection

from accounts.models import PractitionerProfile, User
from lifecycle.residue import Found, scan
from praticonnect.database import as_owner
from praticonnect.management.commands.migrate import remember_no_words
from tests.accounts.factories import make_practitioner
from tests.lifecycle.residue.test_stores import own_places

pytestmark = [pytest.mark.database, pytest.mark.django_db(databases="__all__")]
__all__ = ["own_places"]
EMAIL, CITY = "kwz.camomille@example.org", "Kwzbourg-la-Reine"


@pytest.fixture
def analysed() -> User:
    """Two practitioners whose town stands in clear, and one of whose addresses, as before they were sealed."""
    user = make_practitioner(EMAIL)
    make_practitioner("somebody.else@example.org")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("update accounts_practitionerprofile set city = %s", [CITY])
        cursor.execute("update account_emailaddress set email = %s where user_id = %s", [EMAIL, user.pk])
        cursor.execute("set constraints all immediate")
        cursor.execute("analyze accounts_user, accounts_practitionerprofile, account_emailaddress")
    return user


def stores(found: list[Found]) -> set[str]:
    return {one.store for one in found}


def test_what_was_analysed_is_not_remembered(analysed: User) -> None:
    assert stores(scan([EMAIL])) == {"database"}
    assert scan([CITY]) == [Found("database", "accounts_practitionerprofile.city", CITY, 2)]
    PractitionerProfile.objects.all().update(city="")
    assert scan([CITY]) == []


def test_what_was_remembered_before_is_forgotten_at_the_next_migration(analysed: User) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table accounts_practitionerprofile alter column city set statistics -1")
        cursor.execute("analyze accounts_practitionerprofile")
        assert stores(scan([CITY])) == {"database", "statistics"}
        remember_no_words()
    assert stores(scan([CITY])) == {"database"}
    assert scan([CITY]) == [Found("database", "accounts_practitionerprofile.city", CITY, 2)]
