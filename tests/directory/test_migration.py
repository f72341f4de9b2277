"""Who agreed before there was a directory gets an address with its first migration, and nobody else does (PC-23)."""

from importlib import import_module

import pytest
from django.db import connection

from directory.models import Listing
from tests.accounts.factories import make_account, make_practitioner
from tests.consents.factories import choose, person
from tests.directory.factories import choose_listing, make_listed

pytestmark = pytest.mark.django_db


def test_earlier_yeses_get_an_address_each() -> None:
    listed, gone, refused, elsewhere = make_listed(), make_listed(), make_practitioner(), make_practitioner()
    choose_listing(gone, False)
    choose_listing(refused, False)
    choose(person(elsewhere.pk), "marketing_emails")
    choose_listing(make_account(), True)
    Listing.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("directory.migrations.0001_initial").EARLIER_YESES)
    rows = Listing.objects.values_list("user_id", "shows_phone")
    assert sorted(rows) == sorted((user.pk, False) for user in (listed, gone))
    assert [uuid.version for uuid in Listing.objects.values_list("pk", flat=True)] == [4, 4]
